#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `search`: finds learnwares.
void add_search_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
