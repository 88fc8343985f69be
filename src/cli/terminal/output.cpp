#include "cli/terminal/output.hpp"

#include "learndock/base/json.hpp"

#include "base/shorten.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace learndock::cli {
namespace {

/// The most bytes of a message. It may quote a file or a server's answer, which may contain anything.
constexpr std::size_t kMaxMessageBytes = 2'000;
constexpr std::size_t kMaxNoteBytes = 4'000;
/// The most bytes of one cell on a terminal; elsewhere cells are whole.
constexpr std::size_t kMaxCellBytes = 160;

/// Tabs and line breaks inside a cell would break its row, other invisible characters what a reader sees.
std::string one_line(const std::string& text, bool aligned) {
  return printable(text, aligned ? kMaxCellBytes : std::string::npos);
}

/// As `printable`, line by line.
std::string fit_for_terminal(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out += printable(text.substr(0, end), kMaxMessageBytes);
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

/// JSON itself escapes C0 controls only; a terminal also acts on others, and some reorder what a reader sees.
std::string fit_for_terminal_json(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view rest = text;
    const auto point = take_code_point(rest);
    const std::size_t taken = point ? text.size() - rest.size() : 1;
    if (point && *point != '\n' && (is_control(*point) || is_deceptive(*point)))
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(*point));
    else
      out += text.substr(0, taken);
    text.remove_prefix(taken);
  }
  return out;
}

std::size_t shown_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

}  // namespace

void print_json(const Json& json) { print_line(fit_for_terminal_json(to_text(json))); }

void print_line(const std::string& text) { fmt::print("{}\n", text); }

void print_table(const Rows& given) {
  const bool aligned = ::isatty(STDOUT_FILENO) == 1;
  Rows rows = given;
  for (auto& row : rows)
    for (std::string& cell : row) cell = one_line(cell, aligned);
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c == widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], shown_width(row[c]));
    }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string& cell = row[c];
      line += cell;
      if (c + 1 == row.size()) break;
      line += aligned ? std::string(widths[c] - std::min(widths[c], shown_width(cell)) + 2, ' ') : "\t";
    }
    print_line(line);
  }
}

void note(const OutputOptions& options, const std::string& text) {
  if (!options.quiet) fmt::print(stderr, "{}\n", fit_for_terminal(shortened(text, kMaxNoteBytes)));
}

std::vector<std::string> warn(const OutputOptions& options, std::vector<std::string> warnings) {
  warnings = shortened(std::move(warnings));
  for (const std::string& warning : warnings) note(options, "warning: " + warning);
  return warnings;
}

Error shown(Error error) {
  error = shortened(std::move(error));
  for (std::string* text : {&error.message, &error.where, &error.fix})
    *text = printable(*text, kMaxMessageBytes);
  return error;
}

int report(const OutputOptions& options, const Error& whole) {
  const Error error = shortened(whole);
  fmt::print(stderr, "error: {}\n  docs: docs/errors.md#E{}\n", describe(shown(error)), number(error.code));
  if (options.json)
    print_json({{"error",
                 {{"code", slug(error.code)},
                  {"number", fmt::format("E{}", number(error.code))},
                  {"message", error.message},
                  {"where", error.where},
                  {"fix", error.fix}}}});
  return exit_code(error.code);
}

void show_progress(const OutputOptions& options, const std::string& what, std::uint64_t done,
                   std::uint64_t total) {
  if (options.quiet || ::isatty(STDERR_FILENO) != 1 || total == 0) return;
  fmt::print(stderr, "\r{} {:3}%{}", what, 100 * done / total, done == total ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace learndock::cli
