#pragma once

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/embedded_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace learndock::engine {

/// Makes certified bounds of distances that another library computes in fp32 between rounded vectors. The
/// library may use either usual formula: sum (x - y)^2, or |x|^2 + |y|^2 - 2 <x, y>.
class RowBounds {
 public:
  explicit RowBounds(const EmbeddedRows& rows) : width_(rows.width()) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double squares = 0;
      for (const float value : rows.row(i))
        squares += static_cast<double>(value) * static_cast<double>(value);
      longest_ = std::max(longest_, std::sqrt(squares) * (1 + 1e-9) + rows.error(i));
      error_ = std::max(error_, rows.error(i));
      excess_ = std::min(excess_, rows.excess(i));
    }
  }

  [[nodiscard]] std::size_t width() const { return width_; }
  /// The number to add to such a distance between any row and `query`: the sum, rounded down, is a bound.
  [[nodiscard]] double shift(const EmbeddedQuery& query) const {
    // Three sums of `width` products, each rounded at most width + 2 times, and their sum; then both vectors'
    // own rounding: | |x - y|^2 - |x' - y'|^2 | <= e (2 |x - y| + e).
    const double reach = longest_ + query.length, moved = error_ + query.error;
    const double rounding =
        2 * static_cast<double>(width_ + 8) * static_cast<double>(std::numeric_limits<float>::epsilon());
    const double lost = rounding * reach * reach + moved * (2 * reach + moved) + 1e-30;
    return (rows_excess() + query.excess) - lost;
  }
  [[nodiscard]] static float bound(float distance, double shift) {
    const double sum = static_cast<double>(distance) + shift;
    return std::isfinite(sum)
               ? std::nextafter(static_cast<float>(sum), -std::numeric_limits<float>::infinity())
               : -std::numeric_limits<float>::infinity();
  }

 private:
  [[nodiscard]] double rows_excess() const { return std::isfinite(excess_) ? excess_ : 0; }

  std::size_t width_;
  double longest_ = 0, error_ = 0, excess_ = std::numeric_limits<double>::infinity();
};

}  // namespace learndock::engine
