#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace learndock::runtime {

/// A version of Python by its first two numbers.
struct PythonVersion {
  unsigned major = 3, minor = 0;
  friend auto operator<=>(const PythonVersion&, const PythonVersion&) = default;
  [[nodiscard]] std::string text() const;  ///< "3.8"
};

/// What a package asks for, read from its `environment.yaml`, else from its `requirements.txt`.
struct Needs {
  std::string file;                       ///< the one that was read; empty: the package has neither
  std::vector<std::string> requirements;  ///< for pip; numpy is always among them
  std::vector<std::string> constraints;
  bool prereleases = false;
  std::optional<PythonVersion> python;  ///< the one that it asks for
  std::vector<std::string> conda;       ///< for a conda tool, as written
  std::vector<std::string> channels;    ///< for a conda tool; only usual ones
  /// The conda packages for pip, by their names on the Python package index.
  std::vector<std::string> conda_requirements;
  std::vector<std::string> left_out;  ///< conda packages that the index does not have
  std::vector<std::string> notes;     ///< what was not taken as it is written
};

/// @param folder  of the unpacked package
/// @errors environment_failed (a line takes code from elsewhere, or the file cannot be read), io
[[nodiscard]] Result<Needs> read_needs(const std::filesystem::path& folder);

/// The name at the beginning of a requirement as the index compares names: "scikit-learn".
[[nodiscard]] std::string requirement_name(std::string_view requirement);

}  // namespace learndock::runtime
