#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `spec make`, `spec info` and `spec distance`.
void add_spec_commands(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
