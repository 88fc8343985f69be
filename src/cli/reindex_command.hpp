#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `reindex`: rebuilds the search index of a dock.
void add_reindex_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
