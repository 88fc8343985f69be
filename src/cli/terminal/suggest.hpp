#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace learndock::cli {

/// The closest of `known` to a mistyped word, or "" when none is near (more than a third of the letters
/// differ).
[[nodiscard]] std::string closest(std::string_view word, const std::vector<std::string>& known);

}  // namespace learndock::cli
