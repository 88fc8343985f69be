// Coordinates against long double on every backend, under the error that a feature space's certificate counts
// on.
#include "compute/direct_sums.hpp"
#include "support/compute_cases.hpp"
#include "support/compute_challengers.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::compute {
namespace {

using testing::weight_of;
using testing::WeightedSet;

class Projecting : public ::testing::TestWithParam<testing::Challenger> {
 protected:
  void SetUp() override { backend_ = GetParam().open(); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
  std::shared_ptr<const Backend> backend_;
};

struct ProjectionCase {
  std::size_t sets, count, landmarks, dimension;
  double offset = 0, spread = 1;
  std::uint32_t scales = 1;

  [[nodiscard]] std::string name() const {
    return "sets " + std::to_string(sets) + " m " + std::to_string(count) + " S " +
           std::to_string(landmarks) + " d " + std::to_string(dimension) + " scales " +
           std::to_string(scales) + " offset " + std::to_string(offset) + " spread " + std::to_string(spread);
  }
};

/// Around the tiles of 8 rows, 32 coordinates, 64 sets and 128 landmarks; more terms than are added in turn;
/// epoch seconds; squared distances near the end of fp64; equal points.
const ProjectionCase kProjectionCases[] = {
    {0, 3, 5, 2},
    {1, 0, 5, 2},
    {1, 1, 1, 1},
    {3, 7, 127, 3},
    {3, 8, 128, 3},
    {3, 9, 129, 3},
    {130, 2, 9, 4},
    {2, 5, 7, 31},
    {2, 5, 7, 32},
    {2, 5, 7, 33},
    {2, 5, 7, 257, 0, 0.1},
    {3, 127, 5, 3},
    {3, 1000, 5, 3, 0, 0.5},
    {3, 11, 17, 6, 1e9},
    {3, 11, 17, 6, 0, 1e150},
    {3, 11, 17, 6, 3, 0},
    {3, 11, 17, 6, 0, 1, 2},
    {3, 11, 17, 6, 0, 1, 3},
    {3, 300, 17, 6, 0, 0.3, 4},
};

/// Sets of signed weights, each with one point more than the one before; landmarks; a map.
struct Scene {
  Kernel kernel;
  std::vector<WeightedSet> sets;
  std::vector<ReducedSetView> views;
  Matrix<double> landmarks, map;

  explicit Scene(const ProjectionCase& c) : kernel{0.2, c.scales} {
    const auto made = [&](std::size_t count, std::uint64_t seed) {
      return testing::random_set({count, c.dimension, 7, c.offset, c.spread, true}, seed);
    };
    for (std::size_t i = 0; i < c.sets; ++i) sets.push_back(made(c.count + (c.count == 0 ? 0 : i % 9), i));
    for (const WeightedSet& set : sets) views.push_back(set.view());
    landmarks = made(c.landmarks, 1000).points;
    map = testing::random_set({9, c.landmarks}, 1001).points;
  }
  [[nodiscard]] Projection projection() const { return {landmarks.view(), map.view(), kernel}; }
  [[nodiscard]] long double kernel_sum(std::size_t i, std::size_t s) const {
    long double sum = 0;
    for (std::size_t j = 0; j < sets[i].weights.size(); ++j) {
      long double squared = 0, value = 0;
      for (std::size_t k = 0; k < landmarks.cols(); ++k) {
        const long double difference =
            static_cast<long double>(landmarks(s, k)) - static_cast<long double>(sets[i].points(j, k));
        squared += difference * difference;
      }
      for (std::uint32_t scale = 0; scale < kernel.scales; ++scale)
        value += expl(-static_cast<long double>(kernel.gamma) * powl(4, scale) * squared);
      sum += static_cast<long double>(sets[i].weights[j]) * value / kernel.scales;
    }
    return sum;
  }
};

TEST_P(Projecting, StaysWithinWhatTheCertificateCountsOn) {
  for (const ProjectionCase& c : kProjectionCases) {
    SCOPED_TRACE(c.name());
    const Scene scene(c);
    Matrix<double> out(c.sets, 9);
    const auto done = backend_->project(scene.views, scene.projection(), out.view());
    ASSERT_TRUE(done.has_value()) << done.error().message;
    for (std::size_t i = 0; i < c.sets; ++i) {
      std::vector<long double> sums(c.landmarks);
      for (std::size_t s = 0; s < c.landmarks; ++s) sums[s] = scene.kernel_sum(i, s);
      const double error = direct_error(scene.kernel, c.dimension, scene.sets[i].weights.size()) +
                           static_cast<double>(c.landmarks + 8) * 0x1p-53;
      for (std::size_t k = 0; k < 9; ++k) {
        long double want = 0;
        double reach = 0;
        for (std::size_t s = 0; s < c.landmarks; ++s) {
          want += static_cast<long double>(scene.map(k, s)) * sums[s];
          reach += std::abs(scene.map(k, s));
        }
        EXPECT_LE(std::abs(static_cast<double>(want - static_cast<long double>(out(i, k)))),
                  error * weight_of(scene.sets[i]) * reach)
            << "set " << i << " coordinate " << k;
      }
    }
  }
}

TEST_P(Projecting, RefusesMismatchedShapesAndUnknownKernels) {
  const Scene scene({2, 3, 4, 5}), wider({2, 3, 4, 6});
  const auto refused = [&](const std::vector<ReducedSetView>& sets, const Projection& projection,
                           Matrix<double> out) {
    const auto done = backend_->project(sets, projection, out.view());
    return !done && done.error().code == ErrorCode::invalid_argument;
  };
  Projection other = scene.projection();
  EXPECT_FALSE(refused(scene.views, other, Matrix<double>(2, 9)));
  EXPECT_TRUE(refused(scene.views, other, Matrix<double>(3, 9))) << "rows of out";
  EXPECT_TRUE(refused(scene.views, other, Matrix<double>(2, 8))) << "columns of out";
  EXPECT_TRUE(refused(wider.views, other, Matrix<double>(2, 9))) << "dimension of the sets";
  other.map = MatrixView<const double>(scene.map.values().data(), 9, 3);
  EXPECT_TRUE(refused(scene.views, other, Matrix<double>(2, 9))) << "columns of the map";
  for (const Kernel& kernel : {Kernel{0.0, 1}, Kernel{-1, 1}, Kernel{std::nan(""), 1}, Kernel{1, 5}}) {
    other = scene.projection();
    other.kernel = kernel;
    EXPECT_TRUE(refused(scene.views, other, Matrix<double>(2, 9))) << kernel.gamma;
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Projecting, ::testing::ValuesIn(testing::challengers()),
                         [](const auto& which) { return which.param.name; });

TEST(ProjectingCpu, SameBitsForEveryNumberOfThreads) {
  const Scene scene({200, 5, 33, 7});
  Matrix<double> one(200, 9), three(200, 9);
  ASSERT_TRUE(
      open_backend("cpu", 1).value()->project(scene.views, scene.projection(), one.view()).has_value());
  ASSERT_TRUE(
      open_backend("cpu", 3).value()->project(scene.views, scene.projection(), three.view()).has_value());
  EXPECT_EQ(one, three);
}

}  // namespace
}  // namespace learndock::compute
