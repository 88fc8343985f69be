#pragma once

#include "cuda/backend.hpp"

#include <memory>

namespace learndock::testing {

/// Small on purpose: most cases of the table then need several parts.
inline constexpr std::size_t kShimBudget = std::size_t{48} << 20;
inline constexpr std::size_t kShimWorkspace = std::size_t{1} << 20;

[[nodiscard]] inline cuda::Options shim_options(std::size_t workspace_bytes = kShimWorkspace) {
  cuda::Options options;
  options.budget_bytes = kShimBudget;
  options.workspace_bytes = workspace_bytes;
  return options;
}

[[nodiscard]] inline std::unique_ptr<const compute::Backend> open_shim(const cuda::Options& options) {
  return cuda::make_cuda_backend(options).value();
}

}  // namespace learndock::testing
