#pragma once

#include "engine/mixture/refit.hpp"

namespace learndock::engine {

/// Finds the learnware best aligned with what the mixture leaves unexplained, by ascending bounds, with
/// proof.
/// @errors as bounded_search
[[nodiscard]] Result<NextMember> choose_by_bounds(MixtureState& state, const MixtureOptions& options);

}  // namespace learndock::engine
