#include "numeric/affine_span.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace learndock {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Matrix<double> gram_of(const std::vector<Vector>& vectors) {
  Matrix<double> gram(vectors.size(), vectors.size());
  for (std::size_t i = 0; i < vectors.size(); ++i)
    for (std::size_t j = 0; j < vectors.size(); ++j) gram(i, j) = dot(vectors[i], vectors[j]);
  return gram;
}

Vector products_of(const std::vector<Vector>& vectors, const Vector& x) {
  Vector products;
  for (const Vector& one : vectors) products.push_back(dot(one, x));
  return products;
}

TEST(AffineSpan, DistancesAreThoseOfTheNearestCombination) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  const auto draw = [&] {
    Vector one(6);
    for (double& value : one) value = normal(random);
    return one;
  };
  for (std::size_t count = 1; count <= 5; ++count) {
    std::vector<Vector> vectors;
    for (std::size_t i = 0; i < count; ++i) vectors.push_back(draw());
    const auto span = AffineSpan::of(gram_of(vectors).view());
    ASSERT_TRUE(span.has_value());
    // In the span, with weights of any sign that sum to one: at no distance.
    Vector inside = vectors[0];
    for (std::size_t i = 1; i < count; ++i)
      for (std::size_t k = 0; k < 6; ++k)
        inside[k] += (i % 2 == 0 ? -1.5 : 0.7) * (vectors[i][k] - vectors[0][k]);
    EXPECT_NEAR(span->squared_distance(dot(inside, inside), products_of(vectors, inside)), 0, 1e-10);
    // Moved along what is orthogonal to all differences: at the length of the move.
    Vector across = draw();
    std::vector<Vector> basis;
    for (std::size_t i = 1; i < count; ++i) {
      Vector direction(6);
      for (std::size_t k = 0; k < 6; ++k) direction[k] = vectors[i][k] - vectors[0][k];
      for (const Vector& b : basis) {
        const double along = dot(direction, b);
        for (std::size_t k = 0; k < 6; ++k) direction[k] -= along * b[k];
      }
      const double length = std::sqrt(dot(direction, direction));
      for (double& value : direction) value /= length;
      basis.push_back(direction);
    }
    for (const Vector& b : basis) {
      const double along = dot(across, b);
      for (std::size_t k = 0; k < 6; ++k) across[k] -= along * b[k];
    }
    Vector moved = inside;
    for (std::size_t k = 0; k < 6; ++k) moved[k] += across[k];
    EXPECT_NEAR(span->squared_distance(dot(moved, moved), products_of(vectors, moved)), dot(across, across),
                1e-9);
  }
}

TEST(AffineSpan, DependentVectorsHaveNone) {
  const std::vector<Vector> line = {{0, 0}, {1, 1}, {2, 2}};
  EXPECT_FALSE(AffineSpan::of(gram_of(line).view()).has_value());
  EXPECT_FALSE(AffineSpan::of(gram_of({{1, 2}, {1, 2}}).view()).has_value());
  EXPECT_TRUE(AffineSpan::of(gram_of({{0, 0}}).view()).has_value());
}

}  // namespace
}  // namespace learndock
