#pragma once

#include "learndock/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace learndock::sandbox {

// Programs of the host that are trusted, such as an installer. They run without a sandbox: never a stranger's
// code.

struct ToolCall {
  std::vector<std::string> command;  ///< the first word is the program's path
  std::filesystem::path folder;      ///< where it runs; empty: here
  /// Variables beside those of this process, of which the ones for Python and its environments are left out.
  std::vector<std::pair<std::string, std::string>> variables;
  std::chrono::milliseconds patience = std::chrono::minutes(1);
  std::size_t max_output = std::size_t{1} << 20;  ///< the beginning of a longer output is dropped
  std::stop_token stop;
};

struct ToolEnd {
  int status = 0;      ///< exit code; 128 and the signal's number when it was killed
  std::string output;  ///< standard output and standard error together
};

/// Runs it to its end. It and all that it started in its process group are killed when the patience is over,
/// at a stop, and when this process dies.
/// @errors environment_tool (it does not start), timeout, unavailable (stopped), io
[[nodiscard]] Result<ToolEnd> run_tool(const ToolCall& call);

/// A program by its name: beside this program, else in PATH. Nothing when it is in neither.
[[nodiscard]] std::optional<std::filesystem::path> find_program(std::string_view name);

}  // namespace learndock::sandbox
