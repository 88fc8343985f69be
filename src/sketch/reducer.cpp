#include "learndock/sketch/reducer.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/mmd.hpp"

#include "compute/checks.hpp"
#include "numeric/simplex_qp.hpp"
#include "sketch/distance_to_data.hpp"
#include "sketch/joint_reducer.hpp"
#include "sketch/kmeans.hpp"
#include "sketch/min_cluster.hpp"
#include "sketch/private_embedding.hpp"
#include "sketch/time_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace learndock::sketch {
namespace {

constexpr std::size_t kMaxPoints = 4096;
/// Limits of privacy options. Beyond them there is no real privacy, and e^epsilon or the angles of features
/// overflow.
constexpr double kMaxEpsilon = 100;
constexpr double kMaxBound = 1e30;
constexpr std::size_t kMaxFeatures = std::size_t{1} << 16;
/// More rows do not move k-means' centroids by what the joint steps would notice.
constexpr std::size_t kJointKmeansRows = std::size_t{1} << 18;
/// Size of the sample for the first joint steps: at least this many rows for each point, and at least this
/// share of all rows, up to the maximum. The share costs as much as four passes over all rows.
constexpr std::size_t kSampleRowsPerPoint = 40;
constexpr std::size_t kSampleShare = 8;
constexpr std::size_t kMaxSampleRows = std::size_t{1} << 17;

/// Squared distances are at most four times the largest squared length, and k-means takes an empty cluster's
/// centre to zero: lengths count from there. What is left is room for sums and rounding.
constexpr double kLargestSquaredLength = static_cast<double>(std::numeric_limits<float>::max()) / 16;
/// The most rows in the check for a blind kernel, and the most of their values in fp64 (32 MiB).
constexpr std::size_t kBlindnessRows = 512;
constexpr std::size_t kBlindnessValues = std::size_t{1} << 22;

struct FilledData {
  Matrix<float> values;   ///< empty when all cells are finite, so that large tables are not held twice
  std::size_t cells = 0;  ///< number of infinite and missing cells
  float largest = 0;      ///< largest magnitude of a cell
};

/// A copy in which infinite and missing cells are the mean of the column's finite ones.
Result<FilledData> filled(MatrixView<const float> data) {
  if (const float largest = compute::largest_magnitude({data.data(), data.size()}); std::isfinite(largest))
    return FilledData{{}, 0, largest};
  FilledData made{
      Matrix<float>(data.rows(), data.cols(), std::vector<float>(data.data(), data.data() + data.size()))};
  Matrix<float>& clean = made.values;
  for (std::size_t c = 0; c < data.cols(); ++c) {
    double sum = 0;
    std::size_t finite = 0;
    for (std::size_t r = 0; r < data.rows(); ++r)
      if (std::isfinite(data(r, c))) {
        sum += static_cast<double>(data(r, c));
        ++finite;
      }
    if (finite == data.rows()) continue;
    made.cells += data.rows() - finite;
    if (finite == 0)
      return fail(ErrorCode::table_column, fmt::format("column {} holds no finite value", c), {},
                  "leave the column out");
    const auto mean = static_cast<float>(sum / static_cast<double>(finite));
    for (std::size_t r = 0; r < data.rows(); ++r)
      if (!std::isfinite(clean(r, c))) clean(r, c) = mean;
  }
  made.largest = compute::largest_magnitude(clean.values());
  return made;
}

/// k-means works in fp32; distances that overflow there would make every row the first centre's.
Result<void> check_lengths(MatrixView<const float> data, double largest) {
  if (static_cast<double>(data.cols()) * largest * largest <= kLargestSquaredLength) return {};
  for (std::size_t r = 0; r < data.rows(); ++r) {
    const std::span<const float> row = data.row(r);
    double square = 0;
    for (const float value : row) square += static_cast<double>(value) * static_cast<double>(value);
    if (square <= kLargestSquaredLength) continue;
    const auto farthest =
        std::max_element(row.begin(), row.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
    return fail(
        ErrorCode::table_column,
        fmt::format("column {} holds {:.3g} in row {}: squared distances between such values are beyond "
                    "single precision",
                    farthest - row.begin(), *farthest, r),
        {}, "scale the features");
  }
  return {};
}

std::size_t number_of_points(std::size_t wanted, std::size_t rows, std::size_t dimension) {
  std::size_t k = wanted;
  if (k * dimension > kMaxSpecificationValues)
    k = std::max(kMinCappedPoints, kMaxSpecificationValues / dimension);
  if (k >= rows) k = std::max<std::size_t>(1, 2 * rows / 3);
  return k;
}

/// The reference's steps on all points at once, each from the old ones, each followed by the weight step:
///   g_i = -2 gamma b_i [ sum_j b_j k_ij (z_i - z_j) - (2/n) sum_x k(z_i, x) (z_i - x) ],  z -= step g.
/// The exact gradient of the squared distance weighs the first sum twice as much; "compat" keeps the recipe.
Result<Fit> reduce_compatibly(MatrixView<const float> data, Matrix<double> points,
                              const compute::Kernel& kernel, const ReducerOptions& options,
                              const compute::Backend& backend) {
  DataTarget target(data, kernel, backend);
  Fit fit{std::move(points), {}, 0, 0, {}};
  Matrix<double> pull(fit.points.rows(), fit.points.cols());
  for (std::size_t step = 0;; ++step) {
    LEARNDOCK_CHECK(check_time(options.deadline));
    LEARNDOCK_CHECK(target.look_from(fit.points.view(), step < options.steps));
    LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(target.gram().view(), target.cross()));
    fit.weights = std::move(solution.weights);
    fit.kkt_residual = solution.kkt_residual;
    if (step == options.steps) break;
    target.pull(fit.weights, 2, pull.view());
    for (std::size_t i = 0; i < pull.rows(); ++i)
      for (std::size_t c = 0; c < pull.cols(); ++c)
        fit.points(i, c) += options.step_size * 2 * kernel.gamma * fit.weights[i] * pull(i, c);
  }
  fit.objective = target.objective(fit.weights);
  return fit;
}

/// k-means on at most this many rows starts "joint"; up to that many its start is that of "compat".
Result<Fit> reduce_jointly_from_kmeans(MatrixView<const float> data, std::size_t k,
                                       const compute::Kernel& kernel, const ReducerOptions& options,
                                       const compute::Backend& backend) {
  Matrix<float> sample;
  MatrixView<const float> rows = data;
  if (data.rows() > kJointKmeansRows) {
    sample = take_rows(data, sample_rows(data.rows(), kJointKmeansRows, options.seed + 3));
    rows = sample.view();
  }
  LEARNDOCK_TRY(Matrix<double> start, kmeans_centroids(rows, k, options.kmeans_iterations, options.seed,
                                                       backend, options.deadline));
  LEARNDOCK_CHECK(check_time(options.deadline));
  JointOptions joint;
  joint.evaluations = options.evaluations;
  joint.full_evaluations = options.full_evaluations;
  joint.sample_rows = std::max(
      {options.sample_rows, kSampleRowsPerPoint * k, std::min(data.rows() / kSampleShare, kMaxSampleRows)});
  joint.seed = options.seed;
  joint.deadline = options.deadline;
  return reduce_jointly(data, std::move(start), kernel, joint, backend);
}

Result<Fit> fit_by_method(MatrixView<const float> data, std::size_t k, const compute::Kernel& kernel,
                          const ReducerOptions& options, const compute::Backend& backend) {
  if (options.method == ReducerMethod::joint)
    return reduce_jointly_from_kmeans(data, k, kernel, options, backend);
  LEARNDOCK_TRY(Matrix<double> start, kmeans_centroids(data, k, options.kmeans_iterations, options.seed,
                                                       backend, options.deadline));
  return reduce_compatibly(data, std::move(start), kernel, options, backend);
}

Result<Fit> fit_to_rows(MatrixView<const float> data, const compute::Kernel& kernel,
                        const ReducerOptions& options, const compute::Backend& backend) {
  const std::size_t k =
      std::min(number_of_points(options.points, data.rows(), data.cols()), data.rows() / options.min_cluster);
  LEARNDOCK_TRY(Fit fit, fit_by_method(data, k, kernel, options, backend));
  if (options.min_cluster == 1) return fit;
  return keep_large_clusters(data, kernel, std::move(fit), options.min_cluster, backend);
}

/// Warns when fewer points than asked for were made, and says why.
std::optional<Warning> fewer_points(const ReducerOptions& options, std::size_t made,
                                    MatrixView<const float> data) {
  if (made >= options.points) return std::nullopt;
  const std::size_t possible = number_of_points(options.points, data.rows(), data.cols());
  std::string why;
  if (made < possible)
    why =
        fmt::format("each is to be the nearest point of {} of the {} rows", options.min_cluster, data.rows());
  else if (made == std::max<std::size_t>(1, 2 * data.rows() / 3))
    why = fmt::format("{} rows are reduced to two thirds of their number at most", data.rows());
  else
    why = fmt::format("a specification of {} columns holds no more", data.cols());
  return Warning{WarningCode::points_fewer,
                 fmt::format("{} points were asked for and {} made: {}", options.points, made, why),
                 Json{{"asked", options.points}, {"made", made}}};
}

/// Warns when the kernel is blind for the rows. Reduced points, centroids above all, are closer together than
/// the rows, so a kernel may be blind for the rows alone. The check takes a sample of rows, evenly spread.
Result<std::optional<Warning>> blindness_of_rows(MatrixView<const float> data, const compute::Kernel& kernel,
                                                 const compute::Backend& backend) {
  const std::size_t affordable = std::max<std::size_t>(2, kBlindnessValues / data.cols());
  const std::size_t count = std::min({data.rows(), kBlindnessRows, affordable});
  if (count < 2) return std::nullopt;
  std::vector<double> rows, ones(count, 1.0);
  rows.reserve(count * data.cols());
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const float> row = data.row(i * data.rows() / count);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  const compute::ReducedSetView view{rows.data(), ones.data(), count, data.cols(), kernel};
  LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(view, backend));
  if (!(mean < specification::kKernelBlindThreshold)) return std::nullopt;
  return Warning{
      WarningCode::kernel_blind,
      fmt::format("kernel blind: rows of the data have a mean kernel value of {:.2g} at gamma {}; scale "
                  "the features or use --gamma auto",
                  std::max(0.0, mean), kernel.gamma),
      Json{{"of", "rows"}, {"mean_kernel", std::max(0.0, mean)}, {"gamma", kernel.gamma}}};
}

Result<ReducedData> private_reduction(MatrixView<const float> data, const ReducerOptions& options) {
  const std::size_t k = number_of_points(options.points, data.rows(), data.cols());
  LEARNDOCK_TRY(const std::vector<double> noise, system_noise(2 * options.privacy->features));
  LEARNDOCK_TRY(PrivateFit made, reduce_privately(data, k, {*options.gamma, options.scales}, *options.privacy,
                                                  options.seed, noise));
  ReducedData result;
  result.privacy = made.guarantee;
  result.kkt_residual = made.fit.kkt_residual;
  // The number of rows is public; nothing else about them may be told.
  if (auto fewer = fewer_points(options, made.fit.points.rows(), data))
    result.warnings.push_back(*std::move(fewer));
  LEARNDOCK_TRY(result.spec, specification::make_table_specification(
                                 std::move(made.fit.points), std::move(made.fit.weights), *options.gamma,
                                 data.rows(), options.scales));
  return result;
}

Result<void> check_privacy(const ReducerOptions& options) {
  const PrivacyOptions& privacy = *options.privacy;
  // Negated so that NaN fails too.
  if (!(privacy.epsilon > 0 && privacy.epsilon <= kMaxEpsilon))
    return fail(ErrorCode::invalid_argument, fmt::format("epsilon is {}; it must be above 0 and at most {}",
                                                         privacy.epsilon, kMaxEpsilon));
  if (!(privacy.delta > 0 && privacy.delta < 1))
    return fail(ErrorCode::invalid_argument,
                fmt::format("delta is {}; it must be between 0 and 1", privacy.delta), {},
                "choose it well below one over the number of rows");
  if (!(privacy.bound > 0 && privacy.bound <= kMaxBound))
    return fail(ErrorCode::invalid_argument,
                fmt::format("the bound is {}; it must be above 0 and at most {}", privacy.bound, kMaxBound));
  if (privacy.features == 0 || privacy.features > kMaxFeatures)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the number of features is 1 to {}, not {}", kMaxFeatures, privacy.features));
  if (!options.gamma)
    return fail(ErrorCode::invalid_argument, "the median heuristic reads the rows without noise", {},
                "give gamma as a number when asking for differential privacy");
  if (options.min_cluster != 1)
    return fail(ErrorCode::invalid_argument, "counting the rows of a point reads them without noise", {},
                "ask for a minimum cluster size or for differential privacy, not for both");
  return {};
}

Result<void> check_scales(const ReducerOptions& options) {
  if (options.scales == 0 || options.scales > compute::kMaxScales)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the number of scales is 1 to {}, not {}", compute::kMaxScales, options.scales));
  const bool compat = !options.privacy && options.method == ReducerMethod::compat;
  if (options.scales > 1 && compat)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the method compat, as the reference, knows one scale; {} were asked for",
                            options.scales),
                {}, "use --method joint (the default), or one scale");
  if (options.gamma && !std::isfinite(compute::Kernel{*options.gamma, options.scales}.narrowest_gamma()))
    return fail(ErrorCode::invalid_argument,
                fmt::format("gamma {} is too large for {} scales", *options.gamma, options.scales));
  return {};
}

Result<void> check_options(MatrixView<const float> data, const ReducerOptions& options) {
  if (data.rows() == 0 || data.cols() == 0)
    return fail(ErrorCode::table_empty, fmt::format("the data are {} x {}", data.rows(), data.cols()));
  if (options.points == 0 || options.points > kMaxPoints)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the number of points is 1 to {}, not {}", kMaxPoints, options.points));
  if (options.gamma && (!(*options.gamma > 0) || !std::isfinite(*options.gamma)))
    return fail(ErrorCode::invalid_argument, "gamma must be a positive number");
  if (options.min_cluster == 0 || options.min_cluster > data.rows())
    return fail(ErrorCode::invalid_argument,
                fmt::format("the minimum cluster size is {}, the data have {} rows", options.min_cluster,
                            data.rows()));
  LEARNDOCK_CHECK(check_scales(options));
  if (options.privacy) return check_privacy(options);
  return {};
}

}  // namespace

double median_heuristic_gamma(MatrixView<const float> data, std::uint64_t seed, std::uint32_t scales) {
  constexpr std::size_t kPairs = 20'000;
  const double widest = std::pow(2.0, 1.0 - scales);
  if (data.rows() < 2) return widest;
  std::mt19937_64 random(seed);
  std::vector<double> distances(kPairs);
  for (double& distance : distances) {
    const std::size_t a = random() % data.rows();
    const std::size_t b = (a + 1 + random() % (data.rows() - 1)) % data.rows();
    distance = 0;
    for (std::size_t c = 0; c < data.cols(); ++c) {
      const double difference = static_cast<double>(data(a, c)) - static_cast<double>(data(b, c));
      distance += difference * difference;
    }
  }
  // Equal rows say nothing about the scale.
  std::erase_if(distances, [](double distance) { return !(distance > 0); });
  if (distances.empty()) return widest;
  const auto median = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), median, distances.end());
  return widest / *median;
}

Result<ReducedData> reduce(MatrixView<const float> data, const ReducerOptions& options,
                           const compute::Backend& backend) {
  LEARNDOCK_CHECK(check_options(data, options));
  if (options.privacy) return private_reduction(data, options);
  LEARNDOCK_TRY(const FilledData copy, filled(data));
  const MatrixView<const float> clean = copy.cells == 0 ? data : copy.values.view();
  LEARNDOCK_CHECK(check_lengths(clean, static_cast<double>(copy.largest)));
  const double gamma =
      options.gamma ? *options.gamma : median_heuristic_gamma(clean, options.seed, options.scales);
  const compute::Kernel kernel{gamma, options.scales};
  LEARNDOCK_CHECK(check_time(options.deadline));
  LEARNDOCK_TRY(Fit fit, fit_to_rows(clean, kernel, options, backend));

  ReducedData result;
  if (copy.cells > 0)
    result.warnings.push_back(
        {WarningCode::cells_filled,
         fmt::format("{} missing or infinite cells were filled with their columns' means", copy.cells),
         Json{{"count", copy.cells}}});
  if (auto fewer = fewer_points(options, fit.points.rows(), data))
    result.warnings.push_back(*std::move(fewer));
  LEARNDOCK_TRY(std::optional<Warning> blind, blindness_of_rows(clean, kernel, backend));
  if (blind) result.warnings.push_back(*std::move(blind));
  if (options.measured_rows > 1) {
    LEARNDOCK_TRY(result.mmd_squared_to_data, distance_to_data(clean, kernel, fit, options.measured_rows,
                                                               options.seed + 1, backend, options.deadline));
    result.mmd_exact = data.rows() <= options.measured_rows;
  }
  result.kkt_residual = fit.kkt_residual;
  LEARNDOCK_TRY(result.spec,
                specification::make_table_specification(std::move(fit.points), std::move(fit.weights), gamma,
                                                        data.rows(), options.scales));
  return result;
}

}  // namespace learndock::sketch
