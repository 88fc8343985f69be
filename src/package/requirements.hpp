#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::package {

/// A line by which an installer would take code from a place that the package chose, not the user.
struct ForeignLine {
  std::size_t line = 0;  ///< from 1, as Python's splitlines counts
  std::string what;      ///< the requirement or the option, fit to be shown
};

/// The lines of a requirements file that are neither a plain requirement ("numpy>=1.19; python_version <
/// '3.12'") nor an option that only narrows what is installed: other indexes, URLs, paths, other files, `name
/// @ URL`, and everything else that pip would read differently. A line continued by backslashes counts as a
/// whole.
[[nodiscard]] std::vector<ForeignLine> foreign_lines(std::string_view requirements);

/// The file with its foreign lines commented out, a note before each. A file without any is returned as it
/// is.
[[nodiscard]] std::string without_foreign_lines(std::string_view requirements);

/// Warnings about requirements.txt for the package's maker and its users.
[[nodiscard]] std::vector<std::string> requirements_warnings(std::string_view requirements);

/// The same for environment.yaml: pip's lines, channels, packages by URL, environment variables.
[[nodiscard]] std::vector<std::string> environment_warnings(std::string_view yaml);

}  // namespace learndock::package
