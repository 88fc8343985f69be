#include "sketch/min_cluster.hpp"

#include <algorithm>
#include <limits>

namespace learndock::sketch {
namespace {

/// |x - z|^2, or any larger value than `limit` once it is known to exceed it.
double squared_distance(std::span<const float> x, std::span<const double> z, double limit) {
  double sum = 0;
  for (std::size_t c = 0; c < x.size(); ++c) {
    const double difference = static_cast<double>(x[c]) - z[c];
    sum += difference * difference;
    if (c % 16 == 15 && sum > limit) break;
  }
  return sum;
}

struct Clusters {
  std::vector<std::size_t> owner;  // point nearest to each row
  std::vector<std::size_t> size;   // rows of each point
};

std::size_t nearest(std::span<const float> row, MatrixView<const double> points,
                    const std::vector<bool>& dropped) {
  std::size_t best = 0;
  double best_distance = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < points.rows(); ++i) {
    if (dropped[i]) continue;
    const double distance = squared_distance(row, points.row(i), best_distance);
    if (distance < best_distance) {
      best_distance = distance;
      best = i;
    }
  }
  return best;
}

Clusters assign(MatrixView<const float> data, MatrixView<const double> points) {
  Clusters clusters{std::vector<std::size_t>(data.rows()), std::vector<std::size_t>(points.rows(), 0)};
  const std::vector<bool> none(points.rows(), false);
  for (std::size_t x = 0; x < data.rows(); ++x)
    ++clusters.size[clusters.owner[x] = nearest(data.row(x), points, none)];
  return clusters;
}

}  // namespace

std::vector<std::size_t> cluster_sizes(MatrixView<const float> data, MatrixView<const double> points) {
  return assign(data, points).size;
}

Result<Fit> keep_large_clusters(MatrixView<const float> data, const compute::Kernel& kernel, Fit fit,
                                std::size_t min_rows, const compute::Backend& backend) {
  Clusters clusters = assign(data, fit.points.view());
  std::vector<bool> dropped(fit.points.rows(), false);
  std::size_t left = fit.points.rows();
  for (; left > 1; --left) {
    std::size_t smallest = fit.points.rows();
    for (std::size_t i = 0; i < fit.points.rows(); ++i)
      if (!dropped[i] && (smallest == fit.points.rows() || clusters.size[i] < clusters.size[smallest]))
        smallest = i;
    if (clusters.size[smallest] >= min_rows) break;
    dropped[smallest] = true;
    for (std::size_t x = 0; x < data.rows(); ++x)
      if (clusters.owner[x] == smallest)
        ++clusters.size[clusters.owner[x] = nearest(data.row(x), fit.points.view(), dropped)];
  }
  if (left == fit.points.rows()) return fit;
  Matrix<double> kept(left, fit.points.cols());
  for (std::size_t i = 0, row = 0; i < fit.points.rows(); ++i)
    if (!dropped[i]) std::copy_n(fit.points.row(i).data(), kept.cols(), kept.row(row++).data());
  DataTarget target(data, kernel, backend);
  return fit_weights(target, std::move(kept));
}

}  // namespace learndock::sketch
