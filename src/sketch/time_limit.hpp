#pragma once

#include "learndock/base/result.hpp"

#include <chrono>
#include <optional>

namespace learndock::sketch {

/// The moment to give up; none: never. It is checked between steps that take a second at most.
using TimeLimit = std::optional<std::chrono::steady_clock::time_point>;

/// @errors timeout
[[nodiscard]] inline Result<void> check_time(const TimeLimit& limit) {
  if (!limit || std::chrono::steady_clock::now() < *limit) return {};
  return fail(ErrorCode::timeout, "reducing the data takes longer than it may", {},
              "ask for fewer points or take fewer rows");
}

}  // namespace learndock::sketch
