#pragma once

#include "cli/terminal/output.hpp"

#include <CLI/CLI.hpp>

namespace learndock::cli {

/// Reports a command line that was not understood, with the word that was probably meant. Returns the exit
/// code.
int report_usage(const CLI::App& app, const CLI::ParseError& error, const OutputOptions& output);

}  // namespace learndock::cli
