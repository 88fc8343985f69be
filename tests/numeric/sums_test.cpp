#include "numeric/sums.hpp"

#include <gtest/gtest.h>

namespace learndock::numeric {
namespace {

TEST(Sums, AreMadeInTheOrderOfTheTerms) {
  const std::vector<double> a{1e16, 1, -1e16}, ones{1, 1, 1};
  EXPECT_EQ(dot(a, ones), 0) << "the small term is lost beside the large one before it";
  EXPECT_EQ(dot({}, {}), 0);
  EXPECT_EQ(absolute_sum(std::vector<double>{-1.5, 2, -0.5}), 4);
}

TEST(Sums, AMedianIsNotMovedByOneRow) {
  const double rows[4][2] = {{1, 5}, {3, -1e300}, {2, 6}, {1e300, 7}};
  const auto at = [&](std::size_t i, std::size_t k) { return rows[i][k]; };
  EXPECT_EQ(median_row(4, 2, at), (std::vector<double>{3, 6})) << "the upper one of two";
  EXPECT_EQ(median_row(0, 2, at), (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace learndock::numeric
