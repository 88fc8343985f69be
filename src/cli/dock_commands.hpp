#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `init`, `import`, `show`, `status`, `delete`, `list` and `push`.
void add_dock_commands(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
