#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `serve`: runs the server of a dock.
void add_serve_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
