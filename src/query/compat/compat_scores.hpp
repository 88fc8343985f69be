#pragma once

#include <optional>
#include <span>
#include <vector>

namespace learndock::query {

/// The reference's relative scores (docs/search.md): distances, the mixture's value among them, are stretched
/// so that the worst is 0 and the best 0.92 to 1. Empty in, empty out.
[[nodiscard]] std::vector<double> compat_scores(std::span<const double> distances);

struct CompatSelection {
  std::vector<double> scores;           ///< of the singles kept, best first
  std::optional<double> mixture_score;  ///< none: the mixture is dropped
};

/// Scores and cut-offs of the reference for ascending single distances and, if any, the mixture's value: the
/// mixture is dropped when its score equals the best single's in whole per cents; singles are kept while they
/// score 0.6 or more, at least one.
[[nodiscard]] CompatSelection compat_selection(std::span<const double> distances,
                                               std::optional<double> mixture_value);

}  // namespace learndock::query
