#pragma once

#include "learndock/base/result.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/dock/dock_file.hpp"

#include "cli/terminal/output.hpp"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

namespace learndock::cli {

/// State that every command shares; filled while the command line is parsed.
struct Invocation {
  OutputOptions output;
  std::function<Result<void>()> action;  ///< action of the command that was named
  int exit_code = 0;  ///< set by an action that printed its result and still did not succeed
};

/// Adds a command with the common options; `run` is called after parsing. The last line of `help` is an
/// example.
CLI::App* add_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                      const std::string& help, const std::string& example, std::function<Result<void>()> run);

/// Checks the text of a number before it is converted, so that the error for a negative one names the range.
CLI::Validator whole_number(std::int64_t low, std::int64_t high = std::numeric_limits<std::int64_t>::max());

/// The dock that a command works on: a directory on this machine or a server.
struct DockChoice {
  std::string directory;
  std::string server;
  std::string token;
};
void add_dock_choice(CLI::App& command, DockChoice& choice);
[[nodiscard]] Result<void> check(const DockChoice& choice);

/// Opens a dock's directory for reading only: nothing in it is changed.
[[nodiscard]] Result<std::unique_ptr<dock::Dock>> open_to_read(const DockChoice& choice,
                                                               dock::DockOptions options = {});

}  // namespace learndock::cli
