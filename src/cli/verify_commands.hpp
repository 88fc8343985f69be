#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `status`, `verify` and `worker`.
void add_verify_commands(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
