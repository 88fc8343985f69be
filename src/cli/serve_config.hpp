#pragma once

#include "learndock/base/result.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace learndock::cli {

/// Gives every option of `command` that neither the command line nor the environment set the value that a
/// settings file has for it: `key = value` lines (TOML), the keys being the long option names.
/// @errors not_found, io (the file), usage (a key that is no option, a value that does not fit)
[[nodiscard]] Result<void> apply_settings(CLI::App& command, const std::string& path);

}  // namespace learndock::cli
