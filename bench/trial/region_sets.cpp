#include "trial/region_sets.hpp"

#include "learndock/sketch/reducer.hpp"

#include "sketch/kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace learndock::trial {
namespace {

/// Rows of a region for each reduced point, at least and at most; half of a region's rows are drawn.
constexpr std::size_t kLeastRows = 4, kMostRows = 16;
constexpr std::size_t kKmeansRounds = 10;
constexpr std::uint64_t kFirstRegionQuery = std::uint64_t{1} << 40U;

/// Scales each column to mean 0 and variance 1; missing cells get the mean, and columns of one value become
/// 0.
Result<Matrix<float>> standardised(MatrixView<const float> table) {
  Matrix<float> out(table.rows(), table.cols());
  for (std::size_t k = 0; k < table.cols(); ++k) {
    double sum = 0, squares = 0;
    std::size_t finite = 0;
    for (std::size_t i = 0; i < table.rows(); ++i)
      if (std::isfinite(table(i, k))) {
        sum += static_cast<double>(table(i, k));
        ++finite;
      }
    if (finite == 0)
      return fail(ErrorCode::table_column, fmt::format("column {} has no finite value", k + 1));
    const double mean = sum / static_cast<double>(finite);
    for (std::size_t i = 0; i < table.rows(); ++i)
      if (std::isfinite(table(i, k))) squares += std::pow(static_cast<double>(table(i, k)) - mean, 2);
    const double deviation = std::sqrt(squares / static_cast<double>(finite));
    const double scale = deviation > 0 ? 1 / deviation : 0;
    for (std::size_t i = 0; i < table.rows(); ++i)
      out(i, k) = std::isfinite(table(i, k))
                      ? static_cast<float>((static_cast<double>(table(i, k)) - mean) * scale)
                      : 0;
  }
  return out;
}

class RegionSets final : public TrialSets {
 public:
  RegionSets(Matrix<float> rows, double gamma, const RegionOptions& options,
             std::shared_ptr<const compute::Backend> backend)
      : rows_(std::move(rows)), gamma_(gamma), options_(options), backend_(std::move(backend)) {}
  std::size_t dimension() const override { return rows_.cols(); }
  double gamma() const override { return gamma_; }
  std::uint64_t available() const override { return kFirstRegionQuery; }
  Result<OwnedSet> learnware(std::uint64_t number) const override { return make(number); }
  Result<OwnedSet> query(std::uint64_t number) const override { return make(kFirstRegionQuery + number); }

 private:
  /// The rows of a region: nearest to a random row, more for some than for others.
  std::vector<std::size_t> region(std::mt19937_64& random) const {
    const std::size_t n = rows_.rows(), points = options_.points;
    const std::span<const float> centre = rows_.row(random() % n);
    const std::size_t size =
        std::min(n, kLeastRows * points + random() % ((kMostRows - kLeastRows) * points + 1));
    std::vector<float> distances(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::span<const float> row = rows_.row(i);
      float squared = 0;
      for (std::size_t k = 0; k < row.size(); ++k) squared += (row[k] - centre[k]) * (row[k] - centre[k]);
      distances[i] = squared;
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size - 1), order.end(),
                     [&](std::size_t a, std::size_t b) {
                       return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
                     });
    order.resize(size);
    std::sort(order.begin(), order.end());
    return order;
  }

  Result<OwnedSet> make(std::uint64_t number) const {
    std::seed_seq seeds{options_.seed, number, number >> 32U};
    std::mt19937_64 random(seeds);
    const std::vector<std::size_t> near = region(random);
    std::vector<std::size_t> drawn = sketch::sample_rows(near.size(), near.size() / 2, random());
    for (std::size_t& row : drawn) row = near[row];
    const Matrix<float> data = sketch::take_rows(rows_.view(), drawn);
    sketch::ReducerOptions reducer;
    reducer.points = options_.points;
    reducer.gamma = gamma_;
    reducer.method = sketch::ReducerMethod::compat;  // k-means and weights alone
    reducer.steps = 0;
    reducer.measured_rows = 0;
    reducer.kmeans_iterations = kKmeansRounds;
    reducer.seed = random();
    LEARNDOCK_TRY(sketch::ReducedData reduced, sketch::reduce(data.view(), reducer, *backend_));
    for (double& value : reduced.spec.points.values()) value = static_cast<double>(static_cast<float>(value));
    return OwnedSet{std::move(reduced.spec.points), std::move(reduced.spec.weights), gamma_};
  }

  Matrix<float> rows_;
  double gamma_;
  RegionOptions options_;
  std::shared_ptr<const compute::Backend> backend_;
};

}  // namespace

Result<std::unique_ptr<TrialSets>> region_sets(MatrixView<const float> table, const RegionOptions& options,
                                               std::shared_ptr<const compute::Backend> backend) {
  if (table.rows() == 0 || table.cols() == 0)
    return fail(ErrorCode::table_empty, "the table has no rows, and regions are made of rows");
  if (options.points == 0 || table.rows() < kLeastRows * options.points)
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("{} rows are too few for regions that give {} points", table.rows(), options.points), {},
        fmt::format("take at most {} points", std::max<std::size_t>(1, table.rows() / kLeastRows)));
  LEARNDOCK_TRY(Matrix<float> rows, standardised(table));
  const double gamma =
      options.gamma ? *options.gamma : sketch::median_heuristic_gamma(rows.view(), options.seed);
  return std::make_unique<RegionSets>(std::move(rows), gamma, options, std::move(backend));
}

}  // namespace learndock::trial
