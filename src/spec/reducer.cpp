#include "learndock/spec/reducer.hpp"

#include "learndock/numeric/simplex_qp.hpp"

#include "spec/joint_reducer.hpp"
#include "spec/kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace learndock::spec {
namespace {

/// Of the reference: K * d is capped so that a specification stays a small file, but K stays at least 20.
constexpr std::size_t kMaxSpecificationValues = 1'310'720;
constexpr std::size_t kMinCappedPoints = 20;
constexpr std::size_t kMaxPoints = 4096;
/// More rows do not move k-means' centroids by what the joint steps would notice.
constexpr std::size_t kJointKmeansRows = std::size_t{1} << 18;

/// Infinite and missing cells become the mean of the column's finite ones.
Result<Matrix<float>> filled(MatrixView<const float> data) {
  Matrix<float> clean(data.rows(), data.cols(), std::vector<float>(data.data(), data.data() + data.size()));
  for (std::size_t c = 0; c < data.cols(); ++c) {
    double sum = 0;
    std::size_t finite = 0;
    for (std::size_t r = 0; r < data.rows(); ++r)
      if (std::isfinite(data(r, c))) {
        sum += static_cast<double>(data(r, c));
        ++finite;
      }
    if (finite == data.rows()) continue;
    if (finite == 0)
      return fail(ErrorCode::table_column, fmt::format("column {} holds no finite value", c), {},
                  "leave the column out");
    const auto mean = static_cast<float>(sum / static_cast<double>(finite));
    for (std::size_t r = 0; r < data.rows(); ++r)
      if (!std::isfinite(clean(r, c))) clean(r, c) = mean;
  }
  return clean;
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
Result<Fit> reduce_compatibly(MatrixView<const float> data, Matrix<double> points, double gamma,
                              const ReducerOptions& options, const compute::Backend& backend) {
  DataTarget target(data, gamma, backend);
  Fit fit{std::move(points), {}, 0, 0};
  Matrix<double> pull(fit.points.rows(), fit.points.cols());
  for (std::size_t step = 0;; ++step) {
    LEARNDOCK_CHECK(target.look_from(fit.points.view(), step < options.steps));
    LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(target.gram().view(), target.cross()));
    fit.weights = std::move(solution.weights);
    fit.kkt_residual = solution.kkt_residual;
    if (step == options.steps) break;
    target.pull(fit.weights, 2, pull.view());
    for (std::size_t i = 0; i < pull.rows(); ++i)
      for (std::size_t c = 0; c < pull.cols(); ++c)
        fit.points(i, c) += options.step_size * 2 * gamma * fit.weights[i] * pull(i, c);
  }
  fit.objective = target.objective(fit.weights);
  return fit;
}

/// k-means on at most this many rows starts "joint"; up to that many its start is that of "compat".
Result<Fit> reduce_jointly_from_kmeans(MatrixView<const float> data, std::size_t k, double gamma,
                                       const ReducerOptions& options, const compute::Backend& backend) {
  Matrix<float> sample;
  MatrixView<const float> rows = data;
  if (data.rows() > kJointKmeansRows) {
    sample = take_rows(data, sample_rows(data.rows(), kJointKmeansRows, options.seed + 3));
    rows = sample.view();
  }
  LEARNDOCK_TRY(Matrix<double> start,
                kmeans_centroids(rows, k, options.kmeans_iterations, options.seed, backend));
  JointOptions joint;
  joint.evaluations = options.evaluations;
  joint.full_evaluations = options.full_evaluations;
  joint.sample_rows = options.sample_rows;
  joint.seed = options.seed;
  return reduce_jointly(data, std::move(start), gamma, joint, backend);
}

Result<Fit> fit_by_method(MatrixView<const float> data, std::size_t k, double gamma,
                          const ReducerOptions& options, const compute::Backend& backend) {
  if (options.method == ReducerMethod::joint)
    return reduce_jointly_from_kmeans(data, k, gamma, options, backend);
  LEARNDOCK_TRY(Matrix<double> start,
                kmeans_centroids(data, k, options.kmeans_iterations, options.seed, backend));
  return reduce_compatibly(data, std::move(start), gamma, options, backend);
}

/// <mu_x, mu_x>: exact up to `limit` rows, beyond that from the off-diagonal mean of a sample, which is
/// unbiased.
Result<double> data_self_term(MatrixView<const float> data, double gamma, std::size_t limit,
                              std::uint64_t seed, const compute::Backend& backend) {
  constexpr std::size_t kChunk = 256;
  const std::size_t count = std::min(limit, data.rows());
  std::vector<std::size_t> rows(data.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (count < data.rows()) rows = sample_rows(data.rows(), count, seed + 1);
  const Matrix<float> sample = take_rows(data, rows);
  const std::vector<double> points(sample.values().begin(), sample.values().end());
  const std::vector<double> ones(count, 1.0);
  const compute::ReducedSetView all{points.data(), ones.data(), count, data.cols(), gamma};
  std::vector<compute::ReducedSetView> chunks;
  for (std::size_t first = 0; first < count; first += kChunk)
    chunks.push_back({points.data() + first * data.cols(), ones.data(), std::min(kChunk, count - first),
                      data.cols(), gamma});
  std::vector<double> sums(chunks.size());
  LEARNDOCK_CHECK(backend.inner_products(all, chunks, sums));
  const double total = std::accumulate(sums.begin(), sums.end(), 0.0);
  const auto m = static_cast<double>(count), n = static_cast<double>(data.rows());
  if (count == data.rows()) return total / (n * n);
  const double off_diagonal = (total - m) / (m * (m - 1));
  return 1 / n + (1 - 1 / n) * off_diagonal;
}

}  // namespace

double median_heuristic_gamma(MatrixView<const float> data, std::uint64_t seed) {
  constexpr std::size_t kPairs = 20'000;
  if (data.rows() < 2) return 1;
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
  std::nth_element(distances.begin(), distances.begin() + kPairs / 2, distances.end());
  const double median = distances[kPairs / 2];
  return median > 0 ? 1 / median : 1;
}

Result<ReducedData> reduce(MatrixView<const float> data, const ReducerOptions& options,
                           const compute::Backend& backend) {
  if (data.rows() == 0 || data.cols() == 0)
    return fail(ErrorCode::table_empty, fmt::format("the data are {} x {}", data.rows(), data.cols()));
  if (options.points == 0 || options.points > kMaxPoints)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the number of points is 1 to {}, not {}", kMaxPoints, options.points));
  if (options.gamma && (!(*options.gamma > 0) || !std::isfinite(*options.gamma)))
    return fail(ErrorCode::invalid_argument, "gamma must be a positive number");
  LEARNDOCK_TRY(const Matrix<float> clean, filled(data));
  const double gamma = options.gamma ? *options.gamma : median_heuristic_gamma(clean.view(), options.seed);
  const std::size_t k = number_of_points(options.points, data.rows(), data.cols());

  LEARNDOCK_TRY(Fit fit, fit_by_method(clean.view(), k, gamma, options, backend));

  ReducedData result;
  if (options.measured_rows > 1) {
    LEARNDOCK_TRY(const double self,
                  data_self_term(clean.view(), gamma, options.measured_rows, options.seed, backend));
    result.mmd_squared_to_data = self + fit.objective;
    result.mmd_exact = data.rows() <= options.measured_rows;
  }
  result.kkt_residual = fit.kkt_residual;
  LEARNDOCK_TRY(result.spec,
                make_table_specification(std::move(fit.points), std::move(fit.weights), gamma, data.rows()));
  return result;
}

}  // namespace learndock::spec
