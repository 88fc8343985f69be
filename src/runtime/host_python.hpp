#pragma once

#include "learndock/base/result.hpp"

#include "runtime/environment.hpp"
#include "runtime/needs.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace learndock::runtime {

/// A Python of the host.
struct HostPython {
  std::filesystem::path executable;
  std::filesystem::path prefix;
  std::string version;  ///< "3.11.2"
  PythonVersion number;
  std::vector<std::string>
      unmet;  ///< "pandas is not installed"; empty: its own packages meet the requirements
  std::vector<std::string> lock;  ///< the packages that meet them, with their versions
};

/// @errors environment_tool (it is no Python from 3.8 on), timeout
[[nodiscard]] Result<HostPython> look_at_python(const std::filesystem::path& executable,
                                                const std::vector<std::string>& requirements,
                                                const EnvironmentSettings& settings);

/// The Pythons to try, best first, each looked at only when its turn comes: that of the wanted version, else
/// the nearest later one, else the nearest earlier one. Without a wish: that of the system, then the newest.
[[nodiscard]] std::vector<std::filesystem::path> python_places(const std::optional<PythonVersion>& wanted,
                                                               const EnvironmentSettings& settings);

}  // namespace learndock::runtime
