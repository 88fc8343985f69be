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

/// stdout: one JSON object with --json, characters that act on a terminal or reorder text escaped.
void print_json(const Json& json);
/// stdout: aligned columns on a terminal, tab-separated values elsewhere. The first row names the columns.
void print_table(const Rows& rows);
/// stdout: one line.
void print_line(const std::string& text);
/// stderr, unless --quiet.
void note(const OutputOptions& options, const std::string& text);
/// The error with what it quotes cut (base/shorten.hpp), and every character that would not show as itself
/// made visible.
[[nodiscard]] Error shown(Error error);
/// The failure on stderr, and with --json as {"error": {...}} on stdout. Returns the exit code.
int report(const OutputOptions& options, const Error& whole);
/// A progress line on a terminal's stderr; nothing elsewhere.
void show_progress(const OutputOptions& options, const std::string& what, std::uint64_t done,
                   std::uint64_t total);

}  // namespace learndock::cli
