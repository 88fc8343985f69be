#include "numeric/simplex_qp.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace learndock {
namespace {

Matrix<double> gaussian_gram(std::size_t n, std::size_t d, double gamma, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Matrix<double> points(n, d);
  for (double& value : points.values()) value = normal(random);
  Matrix<double> gram(n, n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double squared = 0;
      for (std::size_t k = 0; k < d; ++k) squared += std::pow(points(i, k) - points(j, k), 2);
      gram(i, j) = std::exp(-gamma * squared);
    }
  return gram;
}

double objective(const Matrix<double>& h, const std::vector<double>& c, const std::vector<double>& w) {
  double value = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    value -= c[i] * w[i];
    for (std::size_t j = 0; j < w.size(); ++j) value += 0.5 * w[i] * h(i, j) * w[j];
  }
  return value;
}

/// The slow obvious truth for two or three variables: a fine grid over the simplex.
double best_on_grid(const Matrix<double>& h, const std::vector<double>& c, int steps) {
  double best = std::numeric_limits<double>::infinity();
  for (int a = 0; a <= steps; ++a)
    for (int b = 0; a + b <= steps; ++b) {
      const double wa = double(a) / steps, wb = double(b) / steps;
      best = std::min(best, objective(h, c, {wa, wb, 1 - wa - wb}));
    }
  return best;
}

TEST(SimplexQp, HandComputedInterior) {
  // H = I, c = (1/2, 1/4): w = (5/8, 3/8), objective 1/2 (25+9)/64 - 5/16 - 3/32 = -9/64.
  const Matrix<double> h(2, 2, {1, 0, 0, 1});
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>{0.5, 0.25});
  ASSERT_TRUE(solution.has_value());
  EXPECT_NEAR(solution->weights[0], 0.625, 1e-14);
  EXPECT_NEAR(solution->weights[1], 0.375, 1e-14);
  EXPECT_NEAR(solution->objective, -9.0 / 64, 1e-14);
  EXPECT_LE(solution->kkt_residual, 1e-13);
}

TEST(SimplexQp, HandComputedVertexIsExact) {
  const Matrix<double> h(2, 2, {1, 0, 0, 1});
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>{3, 0});
  ASSERT_TRUE(solution.has_value());
  EXPECT_EQ(solution->weights[0], 1.0);
  EXPECT_EQ(solution->weights[1], 0.0);
  EXPECT_DOUBLE_EQ(solution->objective, 0.5 - 3);
}

TEST(SimplexQp, OneVariable) {
  const Matrix<double> h(1, 1, {0.25});
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>{0.1});
  ASSERT_TRUE(solution.has_value());
  EXPECT_EQ(solution->weights, std::vector<double>{1.0});
  EXPECT_DOUBLE_EQ(solution->objective, 0.125 - 0.1);
}

TEST(SimplexQp, AgreesWithGridSearch) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 40; ++round) {
    const auto h = gaussian_gram(3, 2, 0.3, random);
    const std::vector<double> c = {uniform(random), uniform(random), uniform(random)};
    const auto solution = solve_simplex_qp(h.view(), c);
    ASSERT_TRUE(solution.has_value()) << "round " << round;
    const double grid = best_on_grid(h, c, 300);
    EXPECT_LE(solution->objective, grid + 1e-12) << "round " << round;
    EXPECT_NEAR(solution->objective, grid, 1e-4) << "round " << round;
  }
}

TEST(SimplexQp, CertificateHoldsOnGramMatricesOfEverySize) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (const std::size_t n : {2u, 3u, 5u, 25u, 64u, 100u, 250u})
    for (const double gamma : {1e-6, 1e-2, 0.1, 10.0}) {
      const auto h = gaussian_gram(n, 3, gamma, random);
      std::vector<double> c(n);
      for (double& value : c) value = uniform(random);
      const auto solution = solve_simplex_qp(h.view(), c);
      ASSERT_TRUE(solution.has_value()) << "n " << n << " gamma " << gamma << " " << solution.error().message;
      double sum = 0;
      for (const double weight : solution->weights) {
        EXPECT_GE(weight, 0);
        sum += weight;
      }
      EXPECT_NEAR(sum, 1, 1e-12);
      EXPECT_LE(solution->kkt_residual, 1e-10) << "n " << n << " gamma " << gamma;
      EXPECT_NEAR(simplex_kkt_residual(h.view(), c, solution->weights), solution->kkt_residual, 1e-12);
    }
}

TEST(SimplexQp, SingularHessianOfDuplicates) {
  // Four copies of one point: any weights are optimal; the solver must not fail on the singular matrix.
  const Matrix<double> h(4, 4, std::vector<double>(16, 1.0));
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>(4, 0.5));
  ASSERT_TRUE(solution.has_value());
  EXPECT_NEAR(solution->objective, 0.5 - 0.5, 1e-12);
}

TEST(SimplexQp, KernelBlindIdentityGivesProjectionOnTheSimplex) {
  const std::size_t n = 50;
  Matrix<double> h(n, n);
  for (std::size_t i = 0; i < n; ++i) h(i, i) = 1;
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>(n, 0.0));
  ASSERT_TRUE(solution.has_value());
  for (const double weight : solution->weights) EXPECT_NEAR(weight, 1.0 / n, 1e-13);
}

TEST(SimplexQp, ResidualOfAWrongPointIsLarge) {
  const Matrix<double> h(2, 2, {1, 0, 0, 1});
  EXPECT_GT(simplex_kkt_residual(h.view(), std::vector<double>{3, 0}, std::vector<double>{0, 1}), 1);
}

TEST(SimplexQp, RefusesBadInput) {
  const Matrix<double> h(2, 2, {1, 0, 0, 1});
  EXPECT_EQ(solve_simplex_qp(h.view(), std::vector<double>{1}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(solve_simplex_qp(MatrixView<const double>(), {}).error().code, ErrorCode::invalid_argument);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(solve_simplex_qp(h.view(), std::vector<double>{1, nan}).error().code,
            ErrorCode::invalid_argument);
}

TEST(SimplexQp, EqualCandidatesShareTheirWeight) {
  // Two copies of a, and b orthogonal: c = (0.7, 0.7, 0.3) is met exactly by weight 0.7 on a in any split.
  const Matrix<double> h(3, 3, {1, 1, 0, 1, 1, 0, 0, 0, 1});
  const auto solution = solve_simplex_qp(h.view(), std::vector<double>{0.7, 0.7, 0.3});
  ASSERT_TRUE(solution.has_value());
  EXPECT_NEAR(solution->weights[0], 0.35, 1e-8);
  EXPECT_NEAR(solution->weights[1], 0.35, 1e-8);
  EXPECT_NEAR(solution->weights[2], 0.30, 1e-8);
  EXPECT_LE(solution->kkt_residual, 1e-9);
}

TEST(SimplexQp, ManyVariablesOfWhichManyAreEqual) {
  std::mt19937_64 random(8);
  const Matrix<double> base = gaussian_gram(40, 3, 0.5, random);
  const std::size_t n = 120;  // every point three times
  Matrix<double> h(n, n);
  std::vector<double> c(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) h(i, j) = base(i / 3, j / 3);
    for (std::size_t j = 0; j < 10; ++j) c[i] += 0.1 * base(i / 3, j);
  }
  const auto solution = solve_simplex_qp(h.view(), c);
  ASSERT_TRUE(solution.has_value());
  EXPECT_LE(solution->kkt_residual, 1e-9);
  for (std::size_t i = 0; i < n; i += 3)
    EXPECT_NEAR(solution->weights[i], solution->weights[i + 1], 1e-7) << i;
}

}  // namespace
}  // namespace learndock
