#pragma once

#include <string_view>

namespace learndock::http {

/// The reason phrase of RFC 9110 for a status that the server sends; "Unknown" for others. The phrases of
/// Beast are those of RFC 7231, which names 413 and 422 otherwise, and problem documents have them as their
/// titles.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace learndock::http
