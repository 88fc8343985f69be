#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"

namespace learndock::cuda {

// The fp64 operations. Shapes were checked by the caller.

[[nodiscard]] Result<void> inner_products(const Context& context, const compute::ReducedSetView& query,
                                          std::span<const compute::ReducedSetView> sets,
                                          std::span<double> out);
[[nodiscard]] Result<void> self_inner_products(const Context& context,
                                               std::span<const compute::ReducedSetView> sets,
                                               std::span<double> out);
[[nodiscard]] Result<void> gram(const Context& context, MatrixView<const double> points,
                                const compute::Kernel& kernel, MatrixView<double> out);
[[nodiscard]] Result<void> project(const Context& context, std::span<const compute::ReducedSetView> sets,
                                   const compute::Projection& projection, MatrixView<double> out);

}  // namespace learndock::cuda
