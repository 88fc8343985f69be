#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"

namespace learndock::cuda {

/// Kernel values in Value (float: `reduction_sums`, double: `data_sums`), sums in fp64. Shapes were checked
/// by the caller. Data rows stream through the workspace in parts; the interface has no way yet to keep a
/// data set on the device between calls, so each call copies it again.
template <class Value>
[[nodiscard]] Result<void> reduction_sums(const Context& context,
                                          std::span<const compute::ReductionJob> jobs);

}  // namespace learndock::cuda
