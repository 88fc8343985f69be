#pragma once

#include <string_view>

namespace learndock::http {

/// The reason phrase of RFC 9110 for a status that the server sends; "Unknown" for others.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace learndock::http
