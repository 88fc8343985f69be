#pragma once

#include "cli/terminal/output.hpp"

#include <functional>

namespace learndock::cli {

/// The last resort: an exception that passed every layer is reported like other failures, as `internal`.
int guard(const OutputOptions& output, const std::function<int()>& action);

/// The whole program. Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 auth, 5 conflict, 6 verification
/// failed, 7 unavailable or timed out.
int run(int argc, char** argv);

}  // namespace learndock::cli
