#pragma once

#include "runtime/environment.hpp"
#include "runtime/model_runner.hpp"
#include "verify/checker.hpp"

#include <filesystem>

namespace learndock::verify {

struct HostOptions {
  runtime::EnvironmentSettings environments;
  runtime::RunnerLimits limits;
  /// `none` only where a person asked for it, and never in a server or a worker.
  sandbox::Protection protection = sandbox::Protection::full;
  std::filesystem::path
      scratch;  ///< folder for unpacked packages; empty: below the system's for temporary files
};

/// Environments and runners of this machine.
[[nodiscard]] Surroundings host_surroundings(const HostOptions& options);

}  // namespace learndock::verify
