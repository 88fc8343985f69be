#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"

namespace learndock::cuda {

// What RKME generation asks for. Shapes were checked by the caller. Data rows stream through the workspace in
// parts; the interface has no way yet to keep a data set on the device between calls, so each call copies it
// again.

/// Kernel values in Value (float: `reduction_sums`, double: `data_sums`), sums in fp64.
template <class Value>
[[nodiscard]] Result<void> reduction_sums(const Context& context,
                                          std::span<const compute::ReductionJob> jobs);

[[nodiscard]] Result<void> kmeans_step(const Context& context, std::span<const compute::KmeansJob> jobs);

}  // namespace learndock::cuda
