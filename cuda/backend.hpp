#pragma once

#include "learndock/compute/backend.hpp"

#include "context.hpp"

#include <memory>

namespace learndock::cuda {

/// The device as a backend.
/// @errors  backend_unavailable (names the missing part), device_memory (the workspaces exceed the budget)
[[nodiscard]] Result<std::unique_ptr<const compute::Backend>> make_cuda_backend(const Options& options);

}  // namespace learndock::cuda
