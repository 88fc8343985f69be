// Kernel sums by direct difference against long double, under the a priori error that certificates rest on.
#include "compute/direct_sums.hpp"

#include "support/compute_challengers.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace learndock::compute {
namespace {

using testing::SetShape;
using testing::WeightedSet;

long double kernel_value(const double* x, const double* y, std::size_t d, const Kernel& kernel) {
  long double squared = 0;
  for (std::size_t k = 0; k < d; ++k) {
    const long double difference = static_cast<long double>(x[k]) - static_cast<long double>(y[k]);
    squared += difference * difference;
  }
  long double sum = 0;
  for (std::uint32_t s = 0; s < kernel.scales; ++s)
    sum += expl(-static_cast<long double>(kernel.gamma) * powl(4, s) * squared);
  return sum / kernel.scales;
}

double mass(const WeightedSet& set) {
  return std::accumulate(set.weights.begin(), set.weights.end(), 0.0,
                         [](double sum, double w) { return sum + std::abs(w); });
}

struct DirectCase {
  std::size_t points, terms, dimension;
  double offset, spread;
  std::uint32_t scales;
};

std::vector<DirectCase> direct_cases() {
  std::vector<DirectCase> cases;
  for (const std::size_t points : {0U, 1U, 7U, 8U, 9U, 33U})
    for (const std::size_t terms : {0U, 1U, 2U, 3U, 7U, 8U, 9U, 21U})
      cases.push_back({points, terms, 5, 0, 1, 1});
  for (const std::size_t d : {1U, 2U, 64U, 257U}) cases.push_back({17, 11, d, 0, 0.3, 1});
  cases.push_back({300, 1000, 3, 0, 0.5, 1});  // more than one group of terms
  for (const std::uint32_t scales : {2U, 3U, 4U}) cases.push_back({17, 11, 6, 0, 1, scales});
  cases.push_back({17, 11, 6, 1e9, 1, 1});    // a column of epoch seconds
  cases.push_back({17, 11, 6, 0, 1e150, 1});  // squared distances near the end of fp64
  cases.push_back({17, 11, 6, 3, 0, 4});      // all points equal
  return cases;
}

class DirectSums : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(limit_instruction_set(GetParam()).has_value()); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
};

TEST_P(DirectSums, StayWithinTheirStatedError) {
  std::uint64_t seed = 1;
  for (const DirectCase& c : direct_cases()) {
    const SetShape shape{c.points, c.dimension, 0.2, c.offset, c.spread, true};
    SetShape other = shape;
    other.count = c.terms;
    const WeightedSet points = testing::random_set(shape, seed++), set = testing::random_set(other, seed++);
    const Kernel kernel{0.2, c.scales};
    const double allowed = direct_error(kernel, c.dimension, c.terms) * mass(set);
    std::vector<double> sums(c.points);
    direct_kernel_sums(DirectPoints(points.points.view()), set.view(), kernel, sums);
    long double total = 0;
    for (std::size_t i = 0; i < c.points; ++i) {
      long double want = 0;
      for (std::size_t j = 0; j < c.terms; ++j)
        want += static_cast<long double>(set.weights[j]) *
                kernel_value(points.points.row(i).data(), set.points.row(j).data(), c.dimension, kernel);
      EXPECT_LE(std::abs(static_cast<double>(want - static_cast<long double>(sums[i]))), allowed)
          << c.points << " points, " << c.terms << " terms, d = " << c.dimension;
      total += static_cast<long double>(points.weights[i]) * want;
    }
    const double inner = DirectQuery(points.view(), kernel).inner_product(set.view());
    const double error = direct_error(kernel, c.dimension, std::max(c.terms, c.points));
    EXPECT_LE(std::abs(static_cast<double>(total - static_cast<long double>(inner))),
              2 * error * mass(set) * mass(points));
  }
}

TEST_P(DirectSums, AnOffsetChangesNothing) {
  const SetShape shape{9, 3, 0.5, 0, 1, false};
  WeightedSet a = testing::random_set(shape, 3), b = testing::random_set(shape, 4);
  // Multiples of 2^-10 survive an offset of 2^40 exactly.
  for (WeightedSet* set : {&a, &b})
    for (double& value : set->points.values()) value = std::round(value * 1024) / 1024;
  const Kernel kernel{0.5, 2};
  const double near = DirectQuery(a.view(), kernel).inner_product(b.view());
  for (WeightedSet* set : {&a, &b})
    for (double& value : set->points.values()) value += 0x1p40;
  EXPECT_EQ(DirectQuery(a.view(), kernel).inner_product(b.view()), near);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, DirectSums, ::testing::ValuesIn(usable_instruction_sets()),
                         [](const auto& target) { return target.param; });

}  // namespace
}  // namespace learndock::compute
