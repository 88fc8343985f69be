#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `data`: how a table is read, and what its columns are.
void add_data_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
