#include "trial/synthetic_market.hpp"

#include "base/mixed_number.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace learndock::trial {
namespace {

constexpr std::size_t kComponents = 3;
/// Rows drawn for each reduced point, and Lloyd rounds over them.
constexpr std::size_t kRowsPerPoint = 8, kRounds = 3;

std::size_t nearest(const Matrix<double>& centres, std::span<const double> row) {
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < centres.rows(); ++c) {
    double squared = 0;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const double difference = centres(c, k) - row[k];
      squared += difference * difference;
    }
    if (squared < least) {
      least = squared;
      best = c;
    }
  }
  return best;
}

/// Reduces rows to centroids, with their shares as weights.
void sketch(const Matrix<double>& rows, std::size_t points, OwnedSet& set) {
  const std::size_t d = rows.cols();
  set.points = Matrix<double>(points, d);
  for (std::size_t c = 0; c < points; ++c) std::copy_n(rows.row(c).begin(), d, set.points.row(c).begin());
  for (std::size_t round = 0; round < kRounds; ++round) {
    Matrix<double> sums(points, d);
    set.weights.assign(points, 0.0);
    for (std::size_t r = 0; r < rows.rows(); ++r) {
      const std::size_t c = nearest(set.points, rows.row(r));
      set.weights[c] += 1;
      for (std::size_t k = 0; k < d; ++k) sums(c, k) += rows(r, k);
    }
    for (std::size_t c = 0; c < points; ++c)
      for (std::size_t k = 0; k < d && set.weights[c] > 0; ++k)
        set.points(c, k) = sums(c, k) / set.weights[c];
  }
  for (double& weight : set.weights) weight /= static_cast<double>(rows.rows());
  for (double& value : set.points.values()) value = static_cast<double>(static_cast<float>(value));
}

/// A set of two points at opposite ends of a direction: its distance from any set symmetric about the middle
/// is the same.
OwnedSet antipodes(const SyntheticOptions& options, std::mt19937_64& random, bool query) {
  OwnedSet set{Matrix<double>(2, options.dimension), {0.5, 0.5}, options.used_gamma()};
  if (query) return set;
  std::normal_distribution<double> normal;
  double length = 0;
  for (std::size_t k = 0; k < options.dimension; ++k) {
    set.points(0, k) = normal(random);
    length += set.points(0, k) * set.points(0, k);
  }
  for (std::size_t k = 0; k < options.dimension; ++k) {
    const double scaled = set.points(0, k) * std::sqrt(static_cast<double>(options.dimension) / length);
    set.points(0, k) = static_cast<double>(static_cast<float>(scaled));
    set.points(1, k) = -set.points(0, k);
  }
  return set;
}

}  // namespace

SyntheticMarket::SyntheticMarket(const SyntheticOptions& options) : options_(options) {
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0.2, 1);
  for (std::size_t t = 0; t < options.tasks; ++t) {
    Task task{Matrix<double>(kComponents, options.dimension), {}, {}};
    for (double& value : task.means.values()) value = 0.8 * normal(random);
    double sum = 0;
    for (std::size_t c = 0; c < kComponents; ++c) {
      task.widths.push_back(0.4 + 0.4 * uniform(random));
      task.shares.push_back(sum += uniform(random));
    }
    for (double& share : task.shares) share /= sum;
    tasks_.push_back(std::move(task));
  }
}

OwnedSet SyntheticMarket::make(std::uint64_t number) const {
  std::mt19937_64 random(mixed_number(options_.seed, number));
  // The learnwares' numbers are those below 2^40; queries are asked for above.
  if (options_.kind == MarketKind::equal_distances) return antipodes(options_, random, number >> 40U != 0);
  const Task& task = tasks_[random() % tasks_.size()];
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(0, 1);
  // Some learnwares are close to their task, others far: distances of all sizes.
  const double far = uniform(random);
  const double strength = options_.kind == MarketKind::near_duplicates ? 0.005 : 0.02 + 0.5 * far * far;
  Matrix<double> means = task.means;
  for (double& value : means.values()) value += strength * normal(random);
  Matrix<double> rows(kRowsPerPoint * options_.points, options_.dimension);
  // Near-duplicates differ only in their means: all of a task use one stream of rows.
  std::mt19937_64 common(mixed_number(options_.seed + 1, static_cast<std::uint64_t>(&task - tasks_.data())));
  std::mt19937_64& source = options_.kind == MarketKind::near_duplicates ? common : random;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const double at = uniform(source);
    std::size_t c = 0;
    while (c + 1 < kComponents && at > task.shares[c]) ++c;
    for (std::size_t k = 0; k < options_.dimension; ++k)
      rows(r, k) = means(c, k) + task.widths[c] * normal(source);
  }
  OwnedSet set;
  set.gamma = options_.used_gamma();
  sketch(rows, options_.points, set);
  return set;
}

}  // namespace learndock::trial
