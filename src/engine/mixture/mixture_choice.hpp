#pragma once

#include "engine/mixture/mixture_state.hpp"
#include "engine/search/product_table.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// What a look at learnwares says of a mixture.
struct MixtureStep {
  std::optional<CertifiedHit> next;  ///< to be added; none: nothing would make the mixture better
  double most = std::numeric_limits<double>::infinity();  ///< no learnware is aligned better with g than this
  /// One is aligned as well as this: `most` cannot be told lower by looking longer.
  double seen = -std::numeric_limits<double>::infinity();
  std::size_t evaluated = 0;
  bool cut = false;  ///< there was no time for it; it says nothing
};

/// Learnwares whose products with the user and with all members are known, and what follows of them.
struct KnownRows {
  std::span<const ItemRow> rows;
  std::span<const float> with_user;                  ///< [rows]
  std::vector<std::span<const float>> with_members;  ///< [members][rows], in the state's order
  std::span<const double> aligned;                   ///< [rows] <l, g>
  std::span<const double> errors;                    ///< [rows] how far `aligned` may be off
};

/// Sets the step's `most` and `seen`, told in fp64 among the rows that rounding does not tell apart.
/// @errors corrupt
[[nodiscard]] Result<void> find_most(const MixtureState& state, const KnownRows& known, MixtureStep& step);

/// The row that makes the refitted mixture best, if one makes it better. Rows in descending order of what
/// they may gain are refitted while one may still gain more than the best.
[[nodiscard]] Result<std::optional<CertifiedHit>> best_refit(const MixtureState& state,
                                                             const KnownRows& known, unsigned threads);

}  // namespace learndock::engine
