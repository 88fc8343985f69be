#pragma once

#include "context.hpp"

#include <functional>

namespace learndock::cuda {

/// Runs `enqueue` on the lane's stream: recorded as a graph the first time a key is met, launched with one
/// call after that. What `enqueue` reads and writes must be at the same addresses every time: the lane's
/// workspace from its beginning, its page-locked memory, held objects named by the key.
///
/// For small queries the launches cost more than the work; a graph brings five of them down to one.
[[nodiscard]] Result<void> run_recorded(LaneLease& lease, const std::vector<std::uint64_t>& key,
                                        const std::function<Result<void>()>& enqueue);

}  // namespace learndock::cuda
