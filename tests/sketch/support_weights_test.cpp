#include "sketch/support_weights.hpp"

#include "numeric/simplex_qp.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace learndock::sketch {
namespace {

/// A random positive definite problem.
struct Problem {
  Matrix<double> h;
  std::vector<double> c;
  explicit Problem(std::size_t n, std::uint64_t seed, double spread) : h(n, n), c(n) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    Matrix<double> root(n, n);
    for (double& value : root.values()) value = normal(random);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) h(i, j) += root(i, k) * root(j, k) / static_cast<double>(n);
    for (std::size_t i = 0; i < n; ++i) h(i, i) += 0.1;
    for (double& value : c) value = spread * normal(random);
  }
};

TEST(SupportWeights, AreTheSolutionWhenTheSupportIsKnown) {
  for (const std::size_t n : {1, 2, 7, 40})
    for (const double spread : {0.0, 0.5}) {
      const Problem problem(n, n, spread);
      const auto want = solve_simplex_qp(problem.h.view(), problem.c).value();
      const auto got = weights_on_support(problem.h.view(), problem.c, want.weights);
      ASSERT_TRUE(got.has_value()) << n;
      for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR((*got)[i], want.weights[i], 1e-9);
    }
}

TEST(SupportWeights, AreNothingOnAnotherSupport) {
  // min w1^2/2 + w2^2/2 - c'w: with c = (2, 0) all weight is on the first, with c = (0.5, 0) on both.
  const Matrix<double> h(2, 2, {1, 0, 0, 1});
  const std::vector<double> one{2, 0}, both{0.5, 0};
  EXPECT_FALSE(weights_on_support(h.view(), one, std::vector<double>{0.5, 0.5}).has_value());
  EXPECT_FALSE(weights_on_support(h.view(), both, std::vector<double>{1, 0}).has_value());
  EXPECT_FALSE(weights_on_support(h.view(), both, std::vector<double>{0, 0}).has_value());
  EXPECT_EQ(weights_on_support(h.view(), one, std::vector<double>{1, 0}).value(),
            (std::vector<double>{1, 0}));
  EXPECT_EQ(weights_on_support(h.view(), both, std::vector<double>{0.1, 0.1}).value(),
            (std::vector<double>{0.75, 0.25}));
}

TEST(SupportWeights, AreNothingWhenPointsCoincide) {
  const Matrix<double> h(2, 2, {1, 1, 1, 1});
  EXPECT_FALSE(weights_on_support(h.view(), std::vector<double>{0.5, 0.5}, std::vector<double>{0.5, 0.5}));
}

}  // namespace
}  // namespace learndock::sketch
