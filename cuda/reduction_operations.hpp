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
[[nodiscard]] Result<void> nearest_centres(const Context& context, MatrixView<const float> data,
                                           MatrixView<const float> centres, std::span<std::uint32_t> labels);

/// Programmes that do not fit the workspace, or whose solution misses the certificate, are solved by the
/// host.
[[nodiscard]] Result<void> solve_weights(const Context& context, std::span<compute::WeightJob> jobs);

}  // namespace learndock::cuda
