#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/spec/statistical.hpp"

#include <cstdint>
#include <optional>

namespace learndock::spec {

struct ReducerOptions {
  std::size_t points =
      100;  ///< K; at most floor(2n/3) of n rows are used, and at most 1,310,720 / d unless 20
  std::optional<double> gamma = 0.1;  ///< nullopt: 1 / median squared distance of the data
  std::size_t steps = 3;              ///< z-steps of the reference recipe
  double step_size = 0.1;
  std::uint64_t seed = 0;  ///< of the initial centroids
  std::size_t kmeans_iterations = 100;
  /// Up to this many rows the distance to the data is exact (n^2 kernel values); beyond, the data's own term
  /// is an unbiased estimate from a seeded sample of this many rows. 0 skips the measurement.
  std::size_t measured_rows = 20'000;
};

struct ReducedData {
  RkmeSpecification spec;
  std::optional<double> mmd_squared_to_data;  ///< ||mu_spec - mu_data||^2; may round below zero
  bool mmd_exact = true;                      ///< false: an estimate (see measured_rows)
  double kkt_residual = 0;                    ///< certificate of the last weight step
};

/// The reference's recipe ("compat"): k-means centroids, weights on the simplex, then `steps` gradient steps
/// on the points with the reference's gradient (its repulsion term at half weight), each followed by the
/// weight step. Infinite cells count as missing; missing cells become column means.
/// @errors table_empty (no rows), table_column (a column without any finite value), invalid_argument
/// @cost   k-means O(iterations * n * K * d), then (steps + 1) passes of n * K kernel values
[[nodiscard]] Result<ReducedData> reduce(MatrixView<const float> data, const ReducerOptions& options,
                                         const compute::Backend& backend);

/// 1 / median of |x - y|^2 over a seeded sample of pairs. 1 when the median is zero.
[[nodiscard]] double median_heuristic_gamma(MatrixView<const float> data, std::uint64_t seed);

}  // namespace learndock::spec
