#include "backend.hpp"

#include "base/parallel.hpp"
#include "compute/checks.hpp"
#include "exact_operations.hpp"
#include "held.hpp"
#include "kmeans.hpp"
#include "packed_operations.hpp"
#include "reduction_sums.hpp"
#include "scan_operations.hpp"

namespace learndock::cuda {
namespace {

using namespace compute;  // NOLINT: the interface implemented here

Result<const CudaHeldSets*> own(const HeldSets& sets) {
  if (const auto* held = dynamic_cast<const CudaHeldSets*>(&sets)) return held;
  return fail(ErrorCode::invalid_argument, "these reduced sets are held by another backend");
}
Result<const CudaHeldCodes*> own(const HeldCodes& codes) {
  if (const auto* held = dynamic_cast<const CudaHeldCodes*>(&codes)) return held;
  return fail(ErrorCode::invalid_argument, "these codes are held by another backend");
}

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::shared_ptr<const Context> context) : context_(std::move(context)) {}
  std::string_view name() const override { return "cuda"; }
  bool on_device() const override { return true; }

  Result<void> inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                              std::span<double> out) const override {
    LEARNDOCK_CHECK(check_inner_products(query, sets, out));
    return cuda::inner_products(*context_, query, sets, out);
  }
  Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                   std::span<double> out) const override {
    LEARNDOCK_CHECK(check_self_inner_products(sets, out));
    return cuda::self_inner_products(*context_, sets, out);
  }
  Result<void> gram(MatrixView<const double> points, const Kernel& kernel,
                    MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_gram(points, kernel, out));
    return cuda::gram(*context_, points, kernel, out);
  }
  Result<void> project(std::span<const ReducedSetView> sets, const Projection& projection,
                       MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_project(sets, projection, out));
    return cuda::project(*context_, sets, projection, out);
  }
  Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data, const Kernel& kernel,
                         const DataSums& out) const override {
    LEARNDOCK_CHECK(check_data_sums(points, data, kernel, out));
    const ReductionJob job{points, data, kernel, out};
    return cuda::reduction_sums<double>(*context_, {&job, 1});
  }
  Result<void> kmeans_step(std::span<const KmeansJob> jobs) const override {
    LEARNDOCK_CHECK(check_kmeans_step(jobs));
    return cuda::kmeans_step(*context_, jobs);
  }

  Result<std::shared_ptr<const HeldSets>> hold(const PackedSetsView& sets) const override {
    LEARNDOCK_CHECK(check_hold(sets));
    return CudaHeldSets::create(context_, sets);
  }
  Result<std::shared_ptr<const HeldCodes>> hold(const ScanCodesView& codes) const override {
    return CudaHeldCodes::create(context_, codes);
  }
  Result<void> cross_terms(const HeldSets& sets, std::span<const ReducedSetView> queries,
                           MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_cross_terms(sets.view(), queries, out));
    LEARNDOCK_TRY(const CudaHeldSets* held, own(sets));
    return cuda::cross_terms(*context_, *held, queries, out);
  }
  Result<void> scan_smallest(const HeldCodes& codes, const ScanJob& job, MatrixView<ScanHit> out,
                             std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan(codes.view(), job, out, counts));
    LEARNDOCK_TRY(const CudaHeldCodes* held, own(codes));
    return cuda::scan_smallest(*context_, *held, job, out, counts);
  }
  Result<void> scan_within(const HeldCodes& codes, const ScanJob& job, std::span<const float> thresholds,
                           MatrixView<ScanHit> out, std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan_within(codes.view(), job, thresholds, out, counts));
    LEARNDOCK_TRY(const CudaHeldCodes* held, own(codes));
    return cuda::scan_within(*context_, *held, job, thresholds, out, counts);
  }
  Result<void> reduction_sums(std::span<const ReductionJob> jobs) const override {
    LEARNDOCK_CHECK(check_reduction_sums(jobs));
    LEARNDOCK_CHECK(check_reduction_rows(jobs, usable_cores()));
    return cuda::reduction_sums<float>(*context_, jobs);
  }

 private:
  std::shared_ptr<const Context> context_;
};

}  // namespace

Result<std::unique_ptr<const Backend>> make_cuda_backend(const Options& options) {
  LEARNDOCK_TRY(const std::shared_ptr<const Context> context, Context::open(options));
  return std::make_unique<const CudaBackend>(context);
}

}  // namespace learndock::cuda
