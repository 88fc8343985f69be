#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// What the fp32 operations refuse, on every backend alike. An exponent that overflowed there would be no
// number, and its kernel value could be anything.

/// gamma and its multiples that kernels work with are floats of full precision.
[[nodiscard]] Result<void> check_single_kernel(const Kernel& kernel);
/// The largest squared distance from the centre with which no part of an exponent overflows.
[[nodiscard]] double largest_single_norm(const Kernel& kernel);
/// The error for rows of `what` that lie beyond.
[[nodiscard]] Failure beyond_single(std::string_view what);
/// The largest |value|; infinity when one is not finite. One pass at the speed of the memory.
[[nodiscard]] float largest_magnitude(std::span<const float> values);

// Shape checks shared by every backend, so that all refuse the same jobs in the same words.
[[nodiscard]] Result<void> check_inner_products(const ReducedSetView& query,
                                                std::span<const ReducedSetView> sets,
                                                std::span<const double> out);
[[nodiscard]] Result<void> check_self_inner_products(std::span<const ReducedSetView> sets,
                                                     std::span<const double> out);
[[nodiscard]] Result<void> check_gram(MatrixView<const double> points, const Kernel& kernel,
                                      MatrixView<const double> out);
[[nodiscard]] Result<void> check_project(std::span<const ReducedSetView> sets, const Projection& projection,
                                         MatrixView<const double> out);
[[nodiscard]] Result<void> check_data_sums(MatrixView<const double> points, MatrixView<const float> data,
                                           const Kernel& kernel, const DataSums& out);
[[nodiscard]] Result<void> check_kmeans_step(std::span<const KmeansJob> jobs);

/// Rows were checked when they were packed; the kernel of a view may be any.
[[nodiscard]] Result<void> check_hold(const PackedSetsView& sets);
[[nodiscard]] Result<void> check_cross_terms(const PackedSetsView& sets,
                                             std::span<const ReducedSetView> queries,
                                             MatrixView<const double> out);
/// Finite, residual and squared norm not negative, and the coordinates' squared length within the squared
/// norm.
[[nodiscard]] Result<void> check_embedding(const EmbeddingView& embedding);
[[nodiscard]] Result<void> check_scan(const ScanCodesView& codes, const ScanJob& job,
                                      MatrixView<const ScanHit> out, std::span<const std::size_t> counts);
[[nodiscard]] Result<void> check_scan_within(const ScanCodesView& codes, const ScanJob& job,
                                             std::span<const float> thresholds, MatrixView<const ScanHit> out,
                                             std::span<const std::size_t> counts);
/// Shapes, kernels and points; data rows are checked by check_reduction_rows, or where they are read anyway.
[[nodiscard]] Result<void> check_reduction_sums(std::span<const ReductionJob> jobs);
[[nodiscard]] Result<void> check_reduction_rows(std::span<const ReductionJob> jobs, unsigned threads);

}  // namespace learndock::compute
