#include "engine/search/product_in_time.hpp"

#include <algorithm>

namespace learndock::engine {
namespace {

/// Multiplications between two looks at the clock.
constexpr std::size_t kUnseenValues = std::size_t{1} << 22;

}  // namespace

std::optional<double> product_in_time(const compute::DirectQuery& direct, std::size_t points,
                                      const compute::ReducedSetView& set, const Deadline& deadline) {
  const std::size_t rows = kUnseenValues / (points * set.dimension + 1) + 1;
  if (!deadline || set.count <= rows) return direct.inner_product(set);
  double sum = 0;
  for (std::size_t first = 0; first < set.count; first += rows) {
    if (is_past(deadline)) return std::nullopt;
    compute::ReducedSetView piece = set;
    piece.points += first * set.dimension;
    piece.weights += first;
    piece.count = std::min(rows, set.count - first);
    sum += direct.inner_product(piece);
  }
  return sum;
}

}  // namespace learndock::engine
