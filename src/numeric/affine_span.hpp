#pragma once

#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace learndock {

/// The affine span of some vectors of an inner product space, known by their products alone.
/// @threads  safe
class AffineSpan {
 public:
  /// @param gram  k x k products of the vectors, k > 0
  /// @return none when the vectors are dependent as far as rounding can tell
  [[nodiscard]] static std::optional<AffineSpan> of(MatrixView<const double> gram);

  /// The squared distance of a vector x from the span.
  /// @param self      <x, x>
  /// @param products  [k] of x with the vectors
  /// @cost            k^2
  [[nodiscard]] double squared_distance(double self, std::span<const double> products) const;

 private:
  AffineSpan(Matrix<double> factor, std::vector<double> with_first)
      : factor_(std::move(factor)), with_first_(std::move(with_first)) {}

  Matrix<double> factor_;  // (k - 1) x (k - 1), L with L L' = products of the differences from the first
  std::vector<double> with_first_;  // [k] products of the vectors with the first
};

}  // namespace learndock
