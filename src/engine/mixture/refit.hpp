#pragma once

#include "engine/mixture/mixture_state.hpp"
#include "engine/search/cross_term_table.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// The choice of one step: the next member, if any, and bounds of all alignments. There are three ways to
/// choose: from a pool, among all learnwares by products, or by bounds.
struct NextMember {
  std::optional<CertifiedHit> next;  ///< the learnware to add; none: no learnware makes the mixture better
  double most = std::numeric_limits<double>::infinity();  ///< no learnware is aligned better with g than this
  /// Some learnware is aligned this well, so that looking longer cannot lower `most` below it.
  double seen = -std::numeric_limits<double>::infinity();
  std::size_t evaluated = 0;
  bool cut = false;  ///< there was no time for the step; the other fields say nothing
};

/// Learnwares whose products with the user and with all members are known, with their alignments.
struct KnownRows {
  std::span<const ItemRow> rows;                     ///< by TableRow
  std::span<const float> with_user;                  ///< [rows]
  std::vector<std::span<const float>> with_members;  ///< [members][rows], in the state's order
  std::span<const double> aligned;                   ///< [rows] <l, g>
  std::span<const double> errors;                    ///< [rows] how far `aligned` may be off
};

/// Sets the step's `most` and `seen`. Rows that fp32 rounding does not tell apart are compared in fp64.
/// @errors corrupt
[[nodiscard]] Result<void> find_most(const MixtureState& state, const KnownRows& known, NextMember& step);

/// The row that makes the refitted mixture best, if one makes it better. Rows are refitted in descending
/// order of their possible gain, while one may still gain more than the best so far.
[[nodiscard]] Result<std::optional<CertifiedHit>> best_refit(const MixtureState& state,
                                                             const KnownRows& known, unsigned threads);

}  // namespace learndock::engine
