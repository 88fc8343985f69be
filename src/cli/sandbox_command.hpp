#pragma once

#include "cli/command.hpp"

namespace learndock::cli {

/// `sandbox`: shows what protects this machine from the learnwares that it runs.
void add_sandbox_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
