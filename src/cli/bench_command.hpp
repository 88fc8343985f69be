#pragma once

#include "cli/terminal/command.hpp"

namespace learndock::cli {

/// `bench search`: measures the search on markets that are made for it.
void add_bench_command(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
