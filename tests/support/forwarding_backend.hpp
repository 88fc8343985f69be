#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>
#include <utility>

namespace learndock::testing {

/// Passes every operation on to another backend. A test overrides what it wants to see, or to spoil.
class ForwardingBackend : public compute::Backend {
 public:
  explicit ForwardingBackend(std::shared_ptr<const compute::Backend> to) : to_(std::move(to)) {}

  std::string_view name() const override { return to_->name(); }
  Result<void> inner_products(const compute::ReducedSetView& query,
                              std::span<const compute::ReducedSetView> sets,
                              std::span<double> out) const override {
    return to_->inner_products(query, sets, out);
  }
  Result<void> self_inner_products(std::span<const compute::ReducedSetView> sets,
                                   std::span<double> out) const override {
    return to_->self_inner_products(sets, out);
  }
  Result<void> gram(MatrixView<const double> points, const compute::Kernel& kernel,
                    MatrixView<double> out) const override {
    return to_->gram(points, kernel, out);
  }
  Result<void> project(std::span<const compute::ReducedSetView> sets, const compute::Projection& projection,
                       MatrixView<double> out) const override {
    return to_->project(sets, projection, out);
  }
  Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data,
                         const compute::Kernel& kernel, const compute::DataSums& out) const override {
    return to_->data_sums(points, data, kernel, out);
  }
  Result<void> kmeans_step(std::span<const compute::KmeansJob> jobs) const override {
    return to_->kmeans_step(jobs);
  }
  Result<std::shared_ptr<const compute::HeldSets>> hold(const compute::PackedSetsView& sets) const override {
    return to_->hold(sets);
  }
  Result<std::shared_ptr<const compute::HeldCodes>> hold(const compute::ScanCodesView& codes) const override {
    return to_->hold(codes);
  }
  Result<void> cross_terms(const compute::HeldSets& sets, std::span<const compute::ReducedSetView> queries,
                           MatrixView<double> out) const override {
    return to_->cross_terms(sets, queries, out);
  }
  Result<void> scan_smallest(const compute::HeldCodes& codes, const compute::ScanJob& job,
                             MatrixView<compute::ScanHit> out, std::span<std::size_t> counts) const override {
    return to_->scan_smallest(codes, job, out, counts);
  }
  Result<void> scan_within(const compute::HeldCodes& codes, const compute::ScanJob& job,
                           std::span<const float> thresholds, MatrixView<compute::ScanHit> out,
                           std::span<std::size_t> counts) const override {
    return to_->scan_within(codes, job, thresholds, out, counts);
  }
  Result<void> reduction_sums(std::span<const compute::ReductionJob> jobs) const override {
    return to_->reduction_sums(jobs);
  }

 private:
  std::shared_ptr<const compute::Backend> to_;
};

}  // namespace learndock::testing
