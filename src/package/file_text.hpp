#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace learndock::package {

/// The text of a file as UTF-8, without its byte order mark. Files of UTF-16 are read where they begin with
/// the mark, as editors of Windows write them. Nothing for bytes that are neither.
[[nodiscard]] std::optional<std::string> text_of_file(std::string_view bytes);

/// Whether the file begins with the byte order mark of UTF-16.
[[nodiscard]] bool is_marked_utf16(std::string_view bytes);

}  // namespace learndock::package
