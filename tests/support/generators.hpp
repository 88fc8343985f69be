#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/specification/statistical.hpp"

#include <cstdint>
#include <random>
#include <vector>

namespace learndock::testing {

struct WeightedSet {
  Matrix<double> points;
  std::vector<double> weights;
  double gamma = 0.1;
  std::uint32_t scales = 1;
  [[nodiscard]] compute::ReducedSetView view() const {
    return {points.values().data(), weights.data(), points.rows(), points.cols(), {gamma, scales}};
  }
};

struct SetShape {
  std::size_t count = 10;
  std::size_t dimension = 4;
  double gamma = 0.1;
  double offset = 0;  ///< added to every coordinate: far-off data
  double spread = 1;
  bool signed_weights = false;
  std::uint32_t scales = 1;
};

/// Seeded Gaussian points; weights on the simplex, or signed.
inline WeightedSet random_set(const SetShape& shape, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(shape.offset, shape.spread);
  std::uniform_real_distribution<double> uniform(shape.signed_weights ? -1.0 : 0.01, 1.0);
  WeightedSet set{Matrix<double>(shape.count, shape.dimension), std::vector<double>(shape.count), shape.gamma,
                  shape.scales};
  for (double& value : set.points.values()) value = normal(random);
  double sum = 0;
  for (double& weight : set.weights) sum += weight = uniform(random);
  if (!shape.signed_weights)
    for (double& weight : set.weights) weight /= sum;
  return set;
}

/// The same as a validated table specification.
inline specification::RkmeSpecification random_specification(const SetShape& shape, std::uint64_t seed) {
  WeightedSet set = random_set(shape, seed);
  return specification::make_table_specification(std::move(set.points), std::move(set.weights), shape.gamma,
                                                 1000, shape.scales)
      .value();
}

inline Matrix<float> random_data(std::size_t rows, std::size_t cols, std::uint64_t seed, float offset = 0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(offset, 1);
  Matrix<float> data(rows, cols);
  for (float& value : data.values()) value = normal(random);
  return data;
}

}  // namespace learndock::testing
