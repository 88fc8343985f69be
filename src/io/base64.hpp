#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace learndock::io {

/// Padded, on one line. @pre less than 1 GiB
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// None where a character is not of the alphabet (blanks and line breaks are not), or from 1 GiB on. As RFC
/// 9651 (4.2.7) asks, padding may be missing and bits after the last whole byte are not looked at.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace learndock::io
