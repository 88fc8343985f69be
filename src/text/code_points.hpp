#pragma once

#include <string>
#include <string_view>

namespace learndock::text {

/// Code points of UTF-8 text; a byte that begins no code point gives its own value, so that any input can be
/// read.
[[nodiscard]] std::u32string to_code_points(std::string_view utf8);
/// The same into a buffer that is used again.
void to_code_points(std::string_view utf8, std::u32string& points);
[[nodiscard]] std::string to_utf8(std::u32string_view code_points);

}  // namespace learndock::text
