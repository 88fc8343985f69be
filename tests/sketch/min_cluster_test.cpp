#include "sketch/min_cluster.hpp"

#include "learndock/sketch/reducer.hpp"

#include "support/generators.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace learndock::sketch {
namespace {

using testing::backend;
using testing::random_data;

std::vector<std::size_t> counted_by_hand(const Matrix<float>& data, const Matrix<double>& points) {
  std::vector<std::size_t> sizes(points.rows(), 0);
  for (std::size_t x = 0; x < data.rows(); ++x) {
    std::size_t best = 0;
    double best_distance = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < points.rows(); ++i) {
      double distance = 0;
      for (std::size_t c = 0; c < data.cols(); ++c)
        distance += std::pow(static_cast<double>(data(x, c)) - points(i, c), 2);
      if (distance < best_distance) {
        best_distance = distance;
        best = i;
      }
    }
    ++sizes[best];
  }
  return sizes;
}

TEST(MinCluster, EachPointIsTheNearestOfEnoughRows) {
  for (const std::uint64_t seed : {1, 2, 3})
    for (const auto method : {ReducerMethod::compat, ReducerMethod::joint})
      for (const std::size_t wanted : {2, 7, 25, 400}) {
        const auto data = random_data(400, 20, seed);  // wider than the distance's early exit
        ReducerOptions options;
        options.method = method;
        options.points = 60;
        options.min_cluster = wanted;
        const auto result = reduce(data.view(), options, backend()).value();
        const auto sizes = counted_by_hand(data, result.spec.points);
        EXPECT_GE(*std::min_element(sizes.begin(), sizes.end()), wanted) << "seed " << seed;
        EXPECT_EQ(sizes, cluster_sizes(data.view(), result.spec.points.view()));
        EXPECT_NEAR(std::accumulate(result.spec.weights.begin(), result.spec.weights.end(), 0.0), 1, 1e-12);
        EXPECT_TRUE(result.mmd_squared_to_data.has_value());
      }
}

TEST(MinCluster, DropsTheSmallestAndHandsItsRowsOn) {
  // Rows at 0 (x5), 10 (x3), 11 (x2): at least 4 each leaves the points 0 and 10.
  const Matrix<float> data(10, 1, {0, 0, 0, 0, 0, 10, 10, 10, 11, 11});
  Fit fit;
  fit.points = Matrix<double>(3, 1, {11, 10, 0});
  fit.weights = {0.2, 0.3, 0.5};
  const Fit kept = keep_large_clusters(data.view(), {0.1}, fit, 4, backend()).value();
  EXPECT_EQ(kept.points, Matrix<double>(2, 1, {10, 0}));
  EXPECT_NEAR(kept.weights[0], 0.5, 0.05);
  const Fit all = keep_large_clusters(data.view(), {0.1}, fit, 2, backend()).value();
  EXPECT_EQ(all.points, fit.points);
  EXPECT_EQ(all.weights, fit.weights);
}

TEST(MinCluster, RefusesMoreThanThereAreRowsAndZero) {
  const auto data = random_data(10, 2, 4);
  ReducerOptions options;
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{11}}) {
    options.min_cluster = wrong;
    EXPECT_EQ(reduce(data.view(), options, backend()).error().code, ErrorCode::invalid_argument);
  }
  options.min_cluster = 10;
  EXPECT_EQ(reduce(data.view(), options, backend())->spec.points.rows(), 1u);
}

}  // namespace
}  // namespace learndock::sketch
