#include "sketch/kmeans.hpp"

#include <algorithm>
#include <random>
#include <unordered_map>
#include <utility>

namespace learndock::sketch {
namespace {

/// k-means stops when the centroids together moved no more than this (squared).
constexpr double kCentroidTolerance = 1e-4;

}  // namespace

std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  // The shuffle of 0, 1, ..., rows - 1, of which only the places touched are kept.
  std::unordered_map<std::size_t, std::size_t> moved;
  const auto at = [&](std::size_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  std::vector<std::size_t> index(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = i + random() % (rows - i);
    index[i] = at(place);
    moved[place] = at(i);
  }
  return index;
}

Matrix<float> take_rows(MatrixView<const float> data, const std::vector<std::size_t>& rows) {
  Matrix<float> taken(rows.size(), data.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::copy_n(data.row(rows[i]).data(), data.cols(), taken.row(i).data());
  return taken;
}

Result<Matrix<double>> kmeans_centroids(MatrixView<const float> data, std::size_t k, std::size_t iterations,
                                        std::uint64_t seed, const compute::Backend& backend,
                                        const TimeLimit& limit) {
  Matrix<float> centroids = take_rows(data, sample_rows(data.rows(), k, seed));
  Matrix<float> previous;
  Matrix<double> sums(k, data.cols());
  std::vector<compute::KmeansRow> rows(data.rows());
  std::vector<std::uint64_t> sizes(k);
  for (std::size_t iteration = 0; iteration < iterations; ++iteration) {
    LEARNDOCK_CHECK(check_time(limit));
    const compute::KmeansJob job{
        data, centroids.view(), sums.view(), sizes, rows, std::as_const(previous).view()};
    LEARNDOCK_CHECK(backend.kmeans_step({&job, 1}));
    previous = centroids;
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

}  // namespace learndock::sketch
