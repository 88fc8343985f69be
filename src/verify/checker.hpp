#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"
#include "learndock/package/package.hpp"
#include "learndock/specification/semantic.hpp"
#include "learndock/specification/statistical.hpp"

#include "runtime/model_runner.hpp"
#include "verify/check.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace learndock::verify {

/// A package that is being tried.
struct Candidate {
  std::string name;               ///< id or file, for messages
  std::filesystem::path package;  ///< zip file or folder
  /// What the dock says it is for; null: what the package says itself.
  const specification::SemanticSpecification* semantic = nullptr;
};

/// The package unpacked, with what its files say.
struct Unpacked {
  std::string name;
  std::filesystem::path folder;
  package::Package contents;
};

/// What the package's model needs, ready for use.
struct Prepared {
  std::vector<std::string> lock;   ///< "numpy==1.26.4"
  std::vector<std::string> notes;  ///< where it differs from what the package asks for
  std::string way;                 ///< "uv, Python 3.11.2"; "none needed"
  bool cached = false;
  std::shared_ptr<const void> keep;  ///< whatever the runner needs of it, for the two functions below alone
};

/// The learnware whose specification is nearest to a new one.
struct NearCopy {
  std::string id;
  double mmd_squared = 0;
};

/// What the checker gets from outside, so that tests need neither sandbox nor installer.
struct Surroundings {
  /// @errors see is_packages_fault
  std::function<Result<Prepared>(const Unpacked&, std::stop_token)> prepare;
  /// Nothing runs before its first call; a stop ends its process at once. @errors see is_packages_fault
  std::function<Result<std::unique_ptr<runtime::ModelRunner>>(const Unpacked&, const Prepared&,
                                                              const std::stop_token&)>
      runner;
  /// The nearest of all others. Unset, or nothing: there is none to compare with. @param name  the
  /// candidate's
  std::function<Result<std::optional<NearCopy>>(const specification::RkmeSpecification&,
                                                const std::string& name)>
      nearest = {};
  std::filesystem::path scratch;  ///< folder for unpacked packages
  archive::ArchiveLimits limits = {};
};

/// Below this MMD^2 two specifications are near-copies of each other.
inline constexpr double kNearCopy = 1e-6;

/// Tries packages. @threads one call at a time in each object
class Checker {
 public:
  /// @param surroundings outlives the checker
  explicit Checker(const Surroundings& surroundings) : surroundings_(surroundings) {}

  /// Called at the beginning of each check with its name.
  using Progress = std::function<void(const char* check)>;
  /// Runs every check until one does not pass. A package whose model cannot be given samples, such as texts,
  /// is `parked`. @errors the machine's: io, no_space, sandbox_*, environment_tool, unavailable (stopped),
  /// ...; what is the package's fault is in the report
  [[nodiscard]] Result<Report> check(const Candidate& candidate, const Progress& progress = {},
                                     std::stop_token stop = {}) const;

 private:
  const Surroundings& surroundings_;
};

/// Removes the folders of checks whose process was killed. @param scratch  as in Surroundings
/// @param age  younger ones stay: their process may be one of another container, which is not seen here
void remove_left_folders(const std::filesystem::path& scratch,
                         std::chrono::seconds age = std::chrono::hours(1));

/// Whether an error is the package's fault, and not one of this machine: those with an HTTP status of 4xx
/// are.
[[nodiscard]] bool is_packages_fault(ErrorCode code);

}  // namespace learndock::verify
