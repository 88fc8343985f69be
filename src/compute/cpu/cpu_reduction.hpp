#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

/// `reduction_sums` of the `cpu` backend. Shapes were checked by the caller. Work is cut into tasks by shape
/// alone, so the thread count cannot change a result.
/// @errors invalid_argument: data rows that fp32 cannot hold; the sums then say nothing
[[nodiscard]] Result<void> cpu_reduction_sums(std::span<const ReductionJob> jobs, unsigned threads);

}  // namespace learndock::compute
