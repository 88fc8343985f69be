#pragma once

#include <string>
#include <string_view>

namespace learndock::text {

/// Lower case for text search, as Python's str.lower gives it.
[[nodiscard]] std::string fold_case(std::string_view utf8);

}  // namespace learndock::text
