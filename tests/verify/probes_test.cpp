#include "verify/probes.hpp"

#include <gtest/gtest.h>

namespace learndock::verify {
namespace {

specification::RkmeSpecification two_points() {
  Matrix<double> points(3, 2, {0, 10, 4, 10, 1000, -1000});
  return specification::make_table_specification(std::move(points), {0.75, 0.25, -0.1}, 0.1, 100).value();
}

TEST(Probes, TheFirstMadeSampleIsZerosAndTheRestIsTheSameForOneSeed) {
  const auto probes = made_probes({{3}, false}, 10, 1);
  EXPECT_EQ(probes.shape, (std::vector<std::uint64_t>{10, 3}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(runtime::element(probes, i), 0);
  EXPECT_NE(runtime::element(probes, 3), 0);
  EXPECT_EQ(probes.bytes, made_probes({{3}, false}, 10, 1).bytes);
  EXPECT_NE(probes.bytes, made_probes({{3}, false}, 10, 2).bytes);
}

TEST(Probes, PixelsAreWholeNumbers) {
  const auto probes = made_probes({{3, 8, 8}, true}, 4, 1);
  for (std::size_t i = 0; i < std::size_t{4} * 192; ++i) {
    const double value = runtime::element(probes, i);
    EXPECT_TRUE(value == static_cast<int>(value) && value >= 0 && value <= 255);
  }
}

TEST(Probes, HerdedSamplesAreWithinTheirOwnDistribution) {
  const auto samples = herded_samples(two_points(), {{2}, false}, 1000, 1);
  std::size_t near_first = 0;
  for (std::size_t row = 0; row < 1000; ++row) {
    const double x = runtime::element(samples, 2 * row), y = runtime::element(samples, 2 * row + 1);
    EXPECT_GE(x, 0);
    EXPECT_LE(x, 4);
    EXPECT_EQ(y, 10) << "a column without spread keeps its value";
    near_first += x < 2 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(near_first), 750, 60);
}

}  // namespace
}  // namespace learndock::verify
