#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <string>
#include <vector>

namespace learndock::cli {

struct OutputOptions {
  bool json = false;
  bool quiet = false;
};

using Rows = std::vector<std::vector<std::string>>;

/// Prints one JSON object on stdout, for --json. Characters that act on a terminal or reorder text are
/// escaped.
void print_json(const Json& json);
/// Prints on stdout: aligned columns on a terminal, tab-separated values elsewhere. The first row names the
/// columns.
void print_table(const Rows& rows);
/// Prints one line on stdout.
void print_line(const std::string& text);
/// Prints on stderr, unless --quiet; at most 4,000 bytes.
void note(const OutputOptions& options, const std::string& text);
/// Prints warnings on stderr, and returns them as they were printed, for --json. They are cut
/// (base/shorten.hpp).
std::vector<std::string> warn(const OutputOptions& options, std::vector<std::string> warnings);
/// The error with its quotes cut (base/shorten.hpp) and with every character that would not show as itself
/// made visible.
[[nodiscard]] Error shown(Error error);
/// Prints the failure on stderr, and with --json as {"error": {...}} on stdout. Returns the exit code.
int report(const OutputOptions& options, const Error& whole);
/// Prints a progress line on stderr when that is a terminal.
void show_progress(const OutputOptions& options, const std::string& what, std::uint64_t done,
                   std::uint64_t total);

}  // namespace learndock::cli
