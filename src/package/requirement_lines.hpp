#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::package {

/// A list of requirements as pip decodes it: by a byte order mark, else by a coding line, else as UTF-8.
struct RequirementText {
  std::string text;   ///< UTF-8; empty when the encoding is not one that is read here
  std::string doubt;  ///< why installers may read other lines than these; empty when they cannot
  bool readable = true;
};
[[nodiscard]] RequirementText read_requirement_text(std::string_view bytes);

/// The lines where Python's splitlines ends them, without their ends.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);

/// Lines `first` to `last` are one for pip.
struct WholeLine {
  std::size_t first = 0;
  std::size_t last = 0;
  std::string text;
};
[[nodiscard]] std::vector<WholeLine> whole_lines(const std::vector<std::string_view>& lines);

/// The line without what a '#' at its start or after a blank begins, and without blanks at its ends.
[[nodiscard]] std::string_view without_comment(std::string_view line);

}  // namespace learndock::package
