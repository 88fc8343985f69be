#include "query/compat/timed_products.hpp"

#include <algorithm>
#include <cstddef>

namespace learndock::query {
namespace {

/// Multiplications between two looks at the clock.
constexpr std::size_t kPiece = std::size_t{1} << 26;

std::size_t cost_of(const compute::ReducedSetView& a, const compute::ReducedSetView& b) {
  return a.count * b.count * b.dimension;
}

/// <set, query>, computed for some rows of the query at a time. @return none: the deadline came first
Result<std::optional<double>> by_rows(const compute::Backend& backend, const compute::ReducedSetView& query,
                                      const compute::ReducedSetView& set, Deadline& deadline) {
  const std::size_t rows = std::max<std::size_t>(1, kPiece / (set.count * set.dimension));
  double sum = 0;
  for (std::size_t first = 0; first < query.count; first += rows) {
    if (first > 0 && deadline.spent()) return std::nullopt;
    compute::ReducedSetView piece = query;
    piece.points += first * query.dimension;
    piece.weights += first;
    piece.count = std::min(rows, query.count - first);
    double value = 0;
    LEARNDOCK_CHECK(backend.inner_products(piece, {&set, 1}, {&value, 1}));
    sum += value;
  }
  return sum;
}

}  // namespace

Result<bool> inner_products_in_time(const compute::Backend& backend, const compute::ReducedSetView& query,
                                    std::span<const compute::ReducedSetView> sets, std::span<double> out,
                                    Deadline* deadline) {
  std::size_t all = 0;
  for (const compute::ReducedSetView& set : sets) all += cost_of(query, set);
  if (deadline == nullptr || !deadline->limited() || all <= kPiece)
    return backend.inner_products(query, sets, out).map([] { return true; });
  for (std::size_t first = 0, end = 0; first < sets.size(); first = end) {
    if (first > 0 && deadline->spent()) return false;
    std::size_t cost = 0;
    for (end = first; end < sets.size() && (end == first || cost + cost_of(query, sets[end]) <= kPiece);
         ++end)
      cost += cost_of(query, sets[end]);
    if (cost > kPiece) {
      LEARNDOCK_TRY(const auto value, by_rows(backend, query, sets[first], *deadline));
      if (!value) return false;
      out[first] = *value;
    } else {
      LEARNDOCK_CHECK(
          backend.inner_products(query, sets.subspan(first, end - first), out.subspan(first, end - first)));
    }
  }
  return true;
}

Result<std::optional<double>> self_product_in_time(const compute::Backend& backend,
                                                   const compute::ReducedSetView& set, Deadline* deadline) {
  if (deadline != nullptr && deadline->limited() && cost_of(set, set) > kPiece)
    return by_rows(backend, set, set, *deadline);
  double self = 0;
  LEARNDOCK_CHECK(backend.self_inner_products({&set, 1}, {&self, 1}));
  return self;
}

Result<bool> self_products_in_time(const compute::Backend& backend,
                                   std::span<const compute::ReducedSetView> sets, std::span<double> out,
                                   Deadline* deadline) {
  const bool limited = deadline != nullptr && deadline->limited();
  if (!limited ||
      std::all_of(sets.begin(), sets.end(), [](const auto& set) { return cost_of(set, set) <= kPiece; }))
    return backend.self_inner_products(sets, out).map([] { return true; });
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (i > 0 && deadline->spent()) return false;
    LEARNDOCK_TRY(const auto self, self_product_in_time(backend, sets[i], deadline));
    if (!self) return false;
    out[i] = *self;
  }
  return true;
}

}  // namespace learndock::query
