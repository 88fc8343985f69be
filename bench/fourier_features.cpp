#include "fourier_features.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace learndock::bench {
namespace {

/// Gaussian rows made orthogonal to those before them in their block of d, each with the length that an
/// independent Gaussian row would have.
Matrix<double> orthogonal_rows(std::size_t rows, std::size_t d, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  Matrix<double> made(rows, d);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = made.row(i);
    double wanted = 0, length = 0;
    for (double& value : row) {
      value = normal(random);
      wanted += std::pow(normal(random), 2);
    }
    for (std::size_t before = i / d * d; before < i; ++before) {
      const auto other = made.row(before);
      double product = 0, squared = 0;
      for (std::size_t k = 0; k < d; ++k) {
        product += row[k] * other[k];
        squared += other[k] * other[k];
      }
      for (std::size_t k = 0; k < d; ++k) row[k] -= product / squared * other[k];
    }
    for (const double value : row) length += value * value;
    for (double& value : row) value *= std::sqrt(wanted / length);
  }
  return made;
}

}  // namespace

FourierFeatures::FourierFeatures(std::size_t dimension, std::size_t features, double gamma,
                                 std::uint64_t seed) {
  std::mt19937_64 random(seed);
  frequencies_ = orthogonal_rows(features / 2, dimension, random);
  for (double& value : frequencies_.values()) value *= std::sqrt(2 * gamma);
}

void FourierFeatures::embed(const compute::ReducedSetView& set, std::span<float> out) const {
  const std::size_t half = frequencies_.rows();
  std::vector<double> sums(2 * half);
  for (std::size_t i = 0; i < set.count; ++i)
    for (std::size_t f = 0; f < half; ++f) {
      double angle = 0;
      for (std::size_t k = 0; k < set.dimension; ++k)
        angle += frequencies_(f, k) * set.points[i * set.dimension + k];
      sums[f] += set.weights[i] * std::cos(angle);
      sums[half + f] += set.weights[i] * std::sin(angle);
    }
  const double scale = 1 / std::sqrt(static_cast<double>(half));
  std::transform(sums.begin(), sums.end(), out.begin(),
                 [&](double sum) { return static_cast<float>(scale * sum); });
}

}  // namespace learndock::bench
