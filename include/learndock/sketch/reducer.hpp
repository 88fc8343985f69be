#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/specification/statistical.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace learndock::sketch {

/// The reference's cap on points times columns, which keeps a specification a small file. Up to 20 points are
/// made however many columns there are.
inline constexpr std::size_t kMaxSpecificationValues = 1'310'720;
inline constexpr std::size_t kMinCappedPoints = 20;

enum class ReducerMethod : std::uint8_t {
  compat,  ///< the reference's recipe, where its own specifications are wanted
  joint    ///< points and weights optimised together; several times closer to the data
};

/// Differential privacy by Gaussian noise on the mean of random Fourier features. The reduced set is fitted
/// to the noisy mean alone (docs/specifications.md states the guarantee).
struct PrivacyOptions {
  double epsilon = 1;
  double delta = 1e-6;         ///< choose it well below one over the number of rows
  double bound = 3;            ///< points lie in [-bound, bound]; must not be chosen by looking at the data
  std::size_t features = 512;  ///< frequencies; more resolve finer detail and let in more noise
};

/// The guarantee of a private specification. Neighbours are data sets that differ in one row; the number of
/// rows is public.
struct PrivacyGuarantee {
  double epsilon = 0;
  double delta = 0;
  double sensitivity = 0;  ///< Euclidean sensitivity of the mean of the features: 2 / rows
  double sigma = 0;        ///< standard deviation of the noise on each of its 2 * features coordinates
  std::size_t features = 0;
  double bound = 0;
};

struct ReducerOptions {
  ReducerMethod method = ReducerMethod::joint;
  std::size_t points =
      100;  ///< K; lowered to floor(2n/3) for n rows, and to the larger of 20 and 1,310,720 / d
  std::optional<double> gamma = 0.1;  ///< nullopt: 1 / median squared distance of the data
  std::uint32_t scales = 1;  ///< scales of the kernel; above 1 (joint, private): detail at several lengths
  std::size_t steps = 3;     ///< compat: z-steps of the reference recipe
  double step_size = 0.1;    ///< compat
  std::size_t evaluations = 30;       ///< joint: passes over the rows, or over a sample of them
  std::size_t full_evaluations = 10;  ///< joint, more rows than the sample: passes over all rows at the end
  std::size_t sample_rows = 4096;     ///< joint: the least size of the sample; it grows with rows and points
  /// Points that are the nearest to fewer rows than this are dropped; at most rows / min_cluster points are
  /// made.
  std::size_t min_cluster = 1;
  std::optional<PrivacyOptions> privacy;  ///< replaces the method; needs gamma and no min_cluster
  std::uint64_t seed = 0;                 ///< seed of the initial centroids
  std::size_t kmeans_iterations = 100;
  /// Up to this many rows the distance to the data is exact (n^2 / 2 kernel values); beyond, it is an
  /// unbiased estimate from a seeded sample of this many rows. 0 skips the measurement.
  std::size_t measured_rows = 10'000;
  /// When to give up; checked between steps and between passes. Differential privacy ignores it.
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
};

struct ReducedData {
  specification::RkmeSpecification spec;
  std::optional<double> mmd_squared_to_data;  ///< ||mu_spec - mu_data||^2; may round below zero
  bool mmd_exact = true;                      ///< false: an estimate (see measured_rows)
  double kkt_residual = 0;                    ///< certificate of the last weight step
  std::optional<PrivacyGuarantee> privacy;    ///< if set, no distance is measured: it would tell of the rows
  /// These say that cells were filled, that fewer points than asked for were made, or that the kernel is
  /// blind.
  Warnings warnings;
};

/// An RKME of the data. Infinite cells count as missing; missing cells become column means.
///
/// compat  k-means centroids, weights on the simplex, then `steps` gradient steps on the points with the
///         reference's gradient (its repulsion term at half weight), each followed by the weight step.
/// joint   from the same start (k-means on at most 262,144 rows), L-BFGS with the exact gradient on the
///         points, the weights solved for at each evaluation. Never further from the data than its start.
///
/// Deterministic for a seed and a backend, whatever the number of threads.
/// @errors table_empty (no rows), table_column (a column without any finite value, or with values whose
/// squares are
///         beyond single precision), invalid_argument, timeout (of `deadline`)
/// @cost   k-means O(iterations * n * K * d), then passes of n * K kernel values: steps + 1 (compat), or
/// those of
///         `evaluations` and `full_evaluations` (joint); n * d + K * (K + d) values are held, never n * K
[[nodiscard]] Result<ReducedData> reduce(MatrixView<const float> data, const ReducerOptions& options,
                                         const compute::Backend& backend);

/// 1 / median of |x - y|^2 over a seeded sample of pairs; 1 when the median is zero. With several scales this
/// value is put at their geometric middle: the result, the gamma of the widest scale, is 2^(scales - 1) times
/// less.
[[nodiscard]] double median_heuristic_gamma(MatrixView<const float> data, std::uint64_t seed,
                                            std::uint32_t scales = 1);

}  // namespace learndock::sketch
