#pragma once

#include "trial/trial_steps.hpp"

namespace learndock::trial {

/// Measures certified mixtures of blended queries.
/// @errors of certified_mixture; internal: a mixture's distance is not what it was said to be
[[nodiscard]] Result<void> time_mixtures(const Trial& trial, TrialReport& report);

}  // namespace learndock::trial
