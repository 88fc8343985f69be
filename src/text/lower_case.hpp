#pragma once

#include <cstdint>

namespace learndock::text {

/// The simple lower case of a code point; itself when there is none.
[[nodiscard]] char32_t to_lower(char32_t point);

}  // namespace learndock::text
