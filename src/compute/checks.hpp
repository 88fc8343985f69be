#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// Shape checks shared by every backend, so that all refuse the same jobs in the same words.
[[nodiscard]] Result<void> check_inner_products(const ReducedSetView& query,
                                                std::span<const ReducedSetView> sets,
                                                std::span<const double> out);
[[nodiscard]] Result<void> check_self_inner_products(std::span<const ReducedSetView> sets,
                                                     std::span<const double> out);
[[nodiscard]] Result<void> check_gram(MatrixView<const double> points, MatrixView<const double> out);
[[nodiscard]] Result<void> check_data_sums(MatrixView<const double> points, MatrixView<const float> data,
                                           const DataSums& out);
[[nodiscard]] Result<void> check_nearest_centres(MatrixView<const float> data,
                                                 MatrixView<const float> centres,
                                                 std::span<const std::uint32_t> labels);
[[nodiscard]] Result<void> check_kmeans_step(std::span<const KmeansJob> jobs);

[[nodiscard]] Result<void> check_cross_terms(const PackedSetsView& sets,
                                             std::span<const ReducedSetView> queries,
                                             MatrixView<const double> out);
[[nodiscard]] Result<void> check_cross_terms(const PackedSetsView& sets,
                                             std::span<const ReducedSetView> queries,
                                             std::span<const Pair> pairs, std::span<const double> out);
[[nodiscard]] Result<void> check_self_terms(const PackedSetsView& sets, std::span<const double> out);
[[nodiscard]] Result<void> check_project(const PackedSetsView& sets, const Projection& projection,
                                         std::size_t first, MatrixView<const double> out);
[[nodiscard]] Result<void> check_scan(const ScanCodesView& codes, const ScanJob& job,
                                      MatrixView<const ScanHit> out, std::span<const std::size_t> counts);
[[nodiscard]] Result<void> check_scan_within(const ScanCodesView& codes, const ScanJob& job,
                                             std::span<const float> thresholds, MatrixView<const ScanHit> out,
                                             std::span<const std::size_t> counts);
[[nodiscard]] Result<void> check_reduction_sums(std::span<const ReductionJob> jobs);
[[nodiscard]] Result<void> check_solve_weights(std::span<const WeightJob> jobs);

}  // namespace learndock::compute
