#pragma once

#include "learndock/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace learndock::sketch {

/// Recognises by its first bytes a file that is not a table as text. The error says what it is, and how one
/// line makes a table of it. @param source  what that line calls the file
[[nodiscard]] std::optional<Error> foreign_format(std::string_view bytes, std::string_view source);
/// `text` as one word of a shell.
[[nodiscard]] std::string shell_word(std::string_view text);
/// A file's name as one word of a shell that no command takes for an option.
[[nodiscard]] std::string path_word(std::string_view source);
/// As `path_word`, and unpacked for commands that read text, when its name says that it is packed.
[[nodiscard]] std::string file_word(std::string_view source);
/// `source` as a string of Python between the double quotes of a shell.
[[nodiscard]] std::string python_string(std::string_view source);

}  // namespace learndock::sketch
