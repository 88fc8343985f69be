#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

/// Each job by the solver of the numeric layer, jobs side by side. The first failure is returned.
[[nodiscard]] Result<void> solve_weight_jobs(std::span<WeightJob> jobs, unsigned threads);

}  // namespace learndock::compute
