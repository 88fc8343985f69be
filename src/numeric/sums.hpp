#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace learndock::numeric {

// Sums in the order of their terms, in fp64: results that are stored or compared are made with them.

/// The inner product; `b` has at least the length of `a`.
[[nodiscard]] inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

[[nodiscard]] inline double absolute_sum(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += std::abs(value);
  return sum;
}

/// Of each column the median over the rows, the upper one of two; 0 for no rows. `at(row, column)` is a
/// value.
template <class At>
[[nodiscard]] std::vector<double> median_row(std::size_t rows, std::size_t columns, At at) {
  std::vector<double> medians(columns, 0.0), column(rows);
  if (rows == 0) return medians;
  const auto middle = column.begin() + static_cast<std::ptrdiff_t>(rows / 2);
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t i = 0; i < rows; ++i) column[i] = at(i, k);
    std::nth_element(column.begin(), middle, column.end());
    medians[k] = *middle;
  }
  return medians;
}

}  // namespace learndock::numeric
