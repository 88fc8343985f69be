#include "compute/cpu/cpu_targets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwy/highway.h>

#include <cstdlib>

namespace learndock::compute {
namespace {

constexpr const char* kVariable = "LEARNDOCK_CPU_TARGET";

/// Smaller bits are better instruction sets; names are Highway's, "AVX3_DL" with byte products among them.
std::vector<std::int64_t> usable_targets() {
  hwy::SetSupportedTargetsForTest(0);
  return hwy::SupportedAndGeneratedTargets();
}

}  // namespace

std::vector<std::string> usable_instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : usable_targets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

Result<void> limit_instruction_set(std::string_view name) {
  const std::vector<std::int64_t> targets = usable_targets();
  std::int64_t allowed = 0;
  for (const std::int64_t target : targets)
    if (name.empty() || allowed != 0 || name == hwy::TargetName(target)) allowed |= target;
  if (allowed == 0)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} names no instruction set that this machine runs: \"{}\"", kVariable, name),
                {}, fmt::format("choose one of {}", fmt::join(usable_instruction_sets(), ", ")));
  hwy::SetSupportedTargetsForTest(allowed);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return {};
}

Result<void> apply_instruction_set_variable() {
  const char* name = std::getenv(kVariable);
  if (name == nullptr || *name == '\0') return {};
  return limit_instruction_set(name);
}

}  // namespace learndock::compute
