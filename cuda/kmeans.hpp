#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"

namespace learndock::cuda {

/// The backend's operation. Shapes were checked by the caller. Data rows stream through the workspace in
/// parts.
[[nodiscard]] Result<void> kmeans_step(const Context& context, std::span<const compute::KmeansJob> jobs);

}  // namespace learndock::cuda
