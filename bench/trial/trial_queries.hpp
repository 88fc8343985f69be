#pragma once

#include "trial/trial_steps.hpp"

namespace learndock::trial {

/// Measures latencies, the rate of a batch and the answers' numbers. @errors of certified_search
[[nodiscard]] Result<void> time_queries(const Trial& trial, TrialReport& report);
/// @errors internal: an answer that claims to be exact is not
[[nodiscard]] Result<void> compare_with_brute_force(const Trial& trial, TrialReport& report);

}  // namespace learndock::trial
