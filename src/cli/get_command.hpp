#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `get`: fetches a package.
void add_get_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
