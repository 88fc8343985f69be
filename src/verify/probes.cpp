#include "verify/probes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

namespace learndock::verify {
namespace {

constexpr double kNoise = 0.1;  // of the column's spread
constexpr int kPixels = 256;

std::size_t values_in(const SampleShape& shape) {
  return std::accumulate(shape.one.begin(), shape.one.end(), std::size_t{1}, std::multiplies<>());
}

runtime::Array as_array(const SampleShape& shape, std::size_t rows, const std::vector<float>& values) {
  runtime::Array array;
  array.type = runtime::ElementType::float32;
  array.shape = {rows};
  array.shape.insert(array.shape.end(), shape.one.begin(), shape.one.end());
  array.bytes.resize(values.size() * sizeof(float));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return array;
}

struct Column {
  double least = std::numeric_limits<double>::infinity();
  double largest = -std::numeric_limits<double>::infinity();
  double spread = 0;
};

/// What the chosen points say of each column.
std::vector<Column> columns_of(const specification::RkmeSpecification& specification,
                               const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<Column> columns(specification.dimension());
  for (std::size_t column = 0; column < columns.size(); ++column) {
    Column& one = columns[column];
    double mean = 0, square = 0;
    for (std::size_t point = 0; point < weights.size(); ++point) {
      if (weights[point] <= 0) continue;
      const double value = specification.points(point, column);
      one.least = std::min(one.least, value);
      one.largest = std::max(one.largest, value);
      mean += weights[point] / total * value;
    }
    for (std::size_t point = 0; point < weights.size(); ++point) {
      const double away = specification.points(point, column) - mean;
      square += weights[point] / total * away * away;
    }
    one.spread = std::sqrt(square);
  }
  return columns;
}

/// The weights without the negative ones; all alike when none is positive.
std::vector<double> choosing_weights(const std::vector<double>& weights) {
  std::vector<double> chosen(weights);
  for (double& weight : chosen) weight = std::max(weight, 0.0);
  if (std::accumulate(chosen.begin(), chosen.end(), 0.0) <= 0) std::fill(chosen.begin(), chosen.end(), 1.0);
  return chosen;
}

}  // namespace

runtime::Array made_probes(const SampleShape& shape, std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::uniform_int_distribution<int> pixel(0, kPixels - 1);
  std::vector<float> values(rows * values_in(shape));
  for (std::size_t i = values_in(shape); i < values.size(); ++i)
    values[i] = shape.pixels ? static_cast<float>(pixel(random)) : normal(random);
  return as_array(shape, rows, values);
}

runtime::Array herded_samples(const specification::RkmeSpecification& specification, const SampleShape& shape,
                              std::size_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const std::vector<double> weights = choosing_weights(specification.weights);
  const std::vector<Column> columns = columns_of(specification, weights);
  std::discrete_distribution<std::size_t> choose(weights.begin(), weights.end());
  std::vector<float> values;
  values.reserve(rows * columns.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t point = choose(random);
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const Column& of = columns[column];
      const double moved = specification.points(point, column) + kNoise * of.spread * normal(random);
      const double value = std::clamp(moved, of.least, of.largest);
      values.push_back(static_cast<float>(shape.pixels ? std::round(std::clamp(value, 0.0, 255.0)) : value));
    }
  }
  return as_array(shape, rows, values);
}

}  // namespace learndock::verify
