#include "learndock/spec/reducer.hpp"

#include "learndock/numeric/simplex_qp.hpp"

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
/// k-means stops when the centroids together moved no more than this (squared).
constexpr double kCentroidTolerance = 1e-4;

/// Distinct row indices, a partial Fisher-Yates shuffle: the same on every platform for one seed.
std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::size_t> index(rows);
  std::iota(index.begin(), index.end(), std::size_t{0});
  for (std::size_t i = 0; i < count; ++i) std::swap(index[i], index[i + random() % (rows - i)]);
  index.resize(count);
  return index;
}

Matrix<float> take_rows(MatrixView<const float> data, const std::vector<std::size_t>& rows) {
  Matrix<float> taken(rows.size(), data.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(data.row(rows[i]).data(), data.cols(), taken.row(i).data());
  return taken;
}

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

/// Lloyd's algorithm from random rows. An empty cluster's centroid becomes the origin, as in the reference:
/// its weight then comes out of the weight step, usually zero.
Result<Matrix<double>> kmeans_centroids(MatrixView<const float> data, std::size_t k,
                                        const ReducerOptions& options, const compute::Backend& backend) {
  Matrix<float> centroids = take_rows(data, sample_rows(data.rows(), k, options.seed));
  std::vector<std::uint32_t> labels(data.rows());
  for (std::size_t iteration = 0; iteration < options.kmeans_iterations; ++iteration) {
    LEARNDOCK_CHECK(backend.nearest_centres(data, centroids.view(), labels));
    Matrix<double> sums(k, data.cols());
    std::vector<std::size_t> sizes(k, 0);
    for (std::size_t x = 0; x < data.rows(); ++x) {
      const auto row = data.row(x);
      const auto sum = sums.row(labels[x]);
      for (std::size_t c = 0; c < data.cols(); ++c) sum[c] += static_cast<double>(row[c]);
      ++sizes[labels[x]];
    }
    double moved = 0;
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t c = 0; c < data.cols(); ++c) {
        const float next =
            sizes[i] == 0 ? 0.0F : static_cast<float>(sums(i, c) / static_cast<double>(sizes[i]));
        const double step = static_cast<double>(next) - static_cast<double>(centroids(i, c));
        moved += step * step;
        centroids(i, c) = next;
      }
    if (moved <= kCentroidTolerance) break;
  }
  return Matrix<double>(k, data.cols(),
                        std::vector<double>(centroids.values().begin(), centroids.values().end()));
}

/// The state of one reduction: points, weights, and what the objective needs of them.
struct Reduction {
  MatrixView<const float> data;
  double gamma;
  const compute::Backend& backend;
  Matrix<double> points;
  std::vector<double> weights;
  Matrix<double> gram;
  std::vector<double> kernel_mean;   // C_i = 1/n sum_x k(z_i, x)
  Matrix<double> kernel_point_mean;  // 1/n sum_x k(z_i, x) x
  double kkt_residual = 0;

  Reduction(MatrixView<const float> rows, double g, const compute::Backend& b, Matrix<double> start)
      : data(rows),
        gamma(g),
        backend(b),
        points(std::move(start)),
        gram(points.rows(), points.rows()),
        kernel_mean(points.rows()),
        kernel_point_mean(points.rows(), points.cols()) {}

  /// Weights that minimise the distance to the data's embedding for the points as they are.
  Result<void> weight_step(bool with_point_sums) {
    LEARNDOCK_CHECK(backend.gram(points.view(), gamma, gram.view()));
    const MatrixView<double> point_sums = with_point_sums ? kernel_point_mean.view() : MatrixView<double>();
    LEARNDOCK_CHECK(backend.data_sums(points.view(), data, gamma, {kernel_mean, point_sums}));
    const auto n = static_cast<double>(data.rows());
    for (double& value : kernel_mean) value /= n;
    if (with_point_sums)
      for (double& value : kernel_point_mean.values()) value /= n;
    LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(gram.view(), kernel_mean));
    weights = std::move(solution.weights);
    kkt_residual = solution.kkt_residual;
    return {};
  }

  /// The reference's step on all points at once, each from the old ones:
  ///   g_i = -2 gamma beta_i [ sum_j beta_j k_ij (z_i - z_j) - (2/n) sum_x k(z_i, x) (z_i - x) ],  z -= step
  ///   g.
  /// The exact gradient of the squared distance weighs the first sum twice as much; "compat" keeps the
  /// recipe.
  void point_step(double step) {
    const Matrix<double> old = points;
    for (std::size_t i = 0; i < old.rows(); ++i) {
      double mass = 0;
      for (std::size_t j = 0; j < old.rows(); ++j) mass += weights[j] * gram(i, j);
      for (std::size_t c = 0; c < old.cols(); ++c) {
        double pull = mass * old(i, c);
        for (std::size_t j = 0; j < old.rows(); ++j) pull -= weights[j] * gram(i, j) * old(j, c);
        pull -= 2 * (kernel_mean[i] * old(i, c) - kernel_point_mean(i, c));
        points(i, c) = old(i, c) + step * 2 * gamma * weights[i] * pull;
      }
    }
  }

  /// <mu_z, mu_z> - 2 <mu_z, mu_x>.
  [[nodiscard]] double objective() const {
    double value = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      for (std::size_t j = 0; j < weights.size(); ++j) value += weights[i] * gram(i, j) * weights[j];
      value -= 2 * weights[i] * kernel_mean[i];
    }
    return value;
  }
};

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

  LEARNDOCK_TRY(Matrix<double> centroids, kmeans_centroids(clean.view(), k, options, backend));
  Reduction reduction(clean.view(), gamma, backend, std::move(centroids));
  LEARNDOCK_CHECK(reduction.weight_step(options.steps > 0));
  for (std::size_t step = 0; step < options.steps; ++step) {
    reduction.point_step(options.step_size);
    LEARNDOCK_CHECK(reduction.weight_step(step + 1 < options.steps));
  }

  ReducedData result;
  if (options.measured_rows > 1) {
    LEARNDOCK_TRY(const double self,
                  data_self_term(clean.view(), gamma, options.measured_rows, options.seed, backend));
    result.mmd_squared_to_data = self + reduction.objective();
    result.mmd_exact = data.rows() <= options.measured_rows;
  }
  result.kkt_residual = reduction.kkt_residual;
  LEARNDOCK_TRY(result.spec, make_table_specification(std::move(reduction.points),
                                                      std::move(reduction.weights), gamma, data.rows()));
  return result;
}

}  // namespace learndock::spec
