#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// Runs `list --deleted`.
[[nodiscard]] Result<void> list_deleted(const DockChoice& dock, const OutputOptions& output);

/// `undelete`.
void add_undelete_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
