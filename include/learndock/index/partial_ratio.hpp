#pragma once

#include <string_view>

namespace learndock::index {

/// Best alignment of the shorter text inside the longer one, 0..100: the maximum over substrings s of the
/// longer text of 200 * LCS(shorter, s) / (|shorter| + |s|) (normalised Indel similarity), in code points.
/// Two empty texts give 100, one empty text 0. Windows of the shorter text's length and the shorter ones at
/// both ends are compared, as fuzzy matching libraries do.
/// @cost about |longer| * |shorter| * |shorter| / 64
[[nodiscard]] double partial_ratio(std::string_view a, std::string_view b);

}  // namespace learndock::index
