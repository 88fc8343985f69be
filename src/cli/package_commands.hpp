#pragma once

#include "cli/terminal/command.hpp"
#include "verify/host.hpp"

#include <string>

namespace learndock::cli {

struct PackageCheckOptions {
  std::string package;
  bool unsafe = false;  ///< without the sandbox
};

/// How packages are run on this machine. @param unsafe  without the sandbox, which is said as a warning
/// @errors sandbox_missing
[[nodiscard]] Result<verify::HostOptions> host_options(bool unsafe, const OutputOptions& output);

/// Whether a path given to `check` is a package, and not a dock.
[[nodiscard]] bool is_package(const std::string& path);
/// Tries a package as a dock would, and prints what was found.
[[nodiscard]] Result<void> check_package(const PackageCheckOptions& options, Invocation& invocation);

/// `pack` and `init-package`.
void add_package_commands(CLI::App& app, Invocation& invocation);

}  // namespace learndock::cli
