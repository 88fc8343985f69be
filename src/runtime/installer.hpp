#pragma once

#include "learndock/base/result.hpp"

#include "runtime/environment.hpp"
#include "runtime/host_python.hpp"
#include "runtime/needs.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace learndock::runtime {

/// Makes an environment: uv, or pip where there is no uv.
class Installer {
 public:
  /// @errors environment_tool (neither is there)
  [[nodiscard]] static Result<Installer> find(const HostPython& python, const EnvironmentSettings& settings);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// An environment without packages. @errors environment_tool, timeout
  [[nodiscard]] Result<void> make(const HostPython& python, const std::filesystem::path& folder) const;
  /// Installs wheels into it. It is called once: after it, starting the environment's Python outside the
  /// sandbox would run what the wheels brought.
  /// @errors environment_failed, environment_tool (the index cannot be reached), timeout
  [[nodiscard]] Result<void> install(const HostPython& python, const std::filesystem::path& folder,
                                     const std::vector<std::string>& requirements, const Needs& needs) const;

 private:
  Installer(std::string name, std::filesystem::path uv, const EnvironmentSettings& settings)
      : name_(std::move(name)), uv_(std::move(uv)), settings_(&settings) {}

  std::string name_;
  std::filesystem::path uv_;  ///< empty: pip
  const EnvironmentSettings* settings_;
};

/// The conda tool of this host; nothing when there is none.
[[nodiscard]] std::optional<std::filesystem::path> conda_tool(const EnvironmentSettings& settings);
/// Makes an environment of conda packages and a Python. @errors as `Installer::install`
[[nodiscard]] Result<void> make_with_conda(const std::filesystem::path& tool,
                                           const std::filesystem::path& folder, const Needs& needs,
                                           const EnvironmentSettings& settings);

/// What is installed in an environment, read from its files: nothing of it is run.
[[nodiscard]] std::vector<std::string> installed_in(const std::filesystem::path& folder);

/// A tool by its name, where the settings say that it is looked for.
[[nodiscard]] std::optional<std::filesystem::path> find_tool(std::string_view name,
                                                             const EnvironmentSettings& settings);

}  // namespace learndock::runtime
