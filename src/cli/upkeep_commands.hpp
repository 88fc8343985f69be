#pragma once

#include "learndock/dock/dock_file.hpp"

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// Adds --max-points and the other limits, each with its value in `limits` as the default.
void add_limit_options(CLI::App& command, dock::DockLimits& limits);

/// `limits`, `check`, `backup`, `restore` and `purge`.
void add_upkeep_commands(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
