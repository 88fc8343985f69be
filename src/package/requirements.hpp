#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::package {

/// What is to be seen before a line is installed.
enum class LineFault {
  elsewhere,   ///< takes code from a place that the package chose, not the user
  local_path,  ///< installs what lies at a path of the machine on which pip runs
  other_file,  ///< reads another list, which is not there
  encoding,    ///< the whole list is in an encoding that installers read differently
};

/// A line that is neither a plain requirement ("numpy>=1.19; python_version < '3.12'") nor an option that
/// only narrows what is installed.
struct ForeignLine {
  std::string file;      ///< the list that has the line
  std::size_t line = 0;  ///< from 1, as Python's splitlines counts
  LineFault fault = LineFault::elsewhere;
  std::string what;  ///< the requirement, the option or the doubt, fit to be shown
};

/// Reads another file of the package by its path there; nothing when the package has no such file.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;

/// The foreign lines of requirements.txt as pip reads it: other indexes, URLs, paths, `name @ URL`, and
/// everything else that pip would read differently. A line continued by backslashes counts as a whole. A list
/// that `-r` or `-c` names is read too, where `files` has it.
[[nodiscard]] std::vector<ForeignLine> foreign_lines(std::string_view requirements,
                                                     const FileReader& files = {});

/// A list for people to install from.
struct FilteredList {
  std::string text;  ///< UTF-8, its foreign lines commented out with a note before each
  std::size_t commented_out = 0;
};

/// A UTF-8 list without foreign lines is returned as it is.
[[nodiscard]] FilteredList without_foreign_lines(std::string_view requirements);

/// The list in UTF-8, without a byte order mark; as it is when its encoding is not read here.
[[nodiscard]] std::string requirements_in_utf8(std::string_view requirements);

/// What an installer may be asked for in the user's place: requirements by their names, one a line, without
/// comments.
struct Installable {
  std::vector<std::string> requirements;  ///< with their versions, markers and hashes
  std::vector<std::string> constraints;   ///< of lists that `-c` names
  bool prereleases = false;               ///< the list says `--pre`
  std::vector<std::string>
      left_out;  ///< options that would have an installer run code, or change what it takes
};
/// Reads a list and those that it names.
/// @errors environment_failed: a line takes code from elsewhere, or the list cannot be read
[[nodiscard]] Result<Installable> installable(std::string_view requirements, const FileReader& files = {});

/// Warnings about requirements.txt for the package's maker and its users.
[[nodiscard]] std::vector<std::string> requirements_warnings(std::string_view requirements,
                                                             const FileReader& files = {});

/// The same for environment.yaml: pip's lines, channels, packages by URL, environment variables.
[[nodiscard]] std::vector<std::string> environment_warnings(std::string_view yaml);

}  // namespace learndock::package
