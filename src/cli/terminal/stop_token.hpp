#pragma once

#include "learndock/base/result.hpp"

#include <stop_token>

namespace learndock::cli {

/// A token that the first Ctrl-C or SIGTERM stops; the second ends the process at once. Call it once in a
/// process, instead of StopSignals. @errors of StopSignals::install
[[nodiscard]] Result<std::stop_token> stop_at_signal();

}  // namespace learndock::cli
