#pragma once

#include "learndock/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace learndock::compute {

/// Instruction sets that this build has kernels for and this machine runs, best first.
[[nodiscard]] std::vector<std::string> usable_instruction_sets();

/// Makes `name` the best instruction set that kernels may use from now on; "" allows all. For tests and for
/// comparing machines; not while kernels run.
/// @errors invalid_argument: not one of usable_instruction_sets()
[[nodiscard]] Result<void> limit_instruction_set(std::string_view name);

/// Applies the environment variable LEARNDOCK_CPU_TARGET once, when set.
[[nodiscard]] Result<void> apply_instruction_set_variable();

}  // namespace learndock::compute
