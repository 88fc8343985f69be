#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

void add_predict_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
