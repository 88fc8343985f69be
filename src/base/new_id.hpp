#pragma once

#include "learndock/base/ids.hpp"

#include <string_view>

namespace learndock {

/// LearnwareId::create for an id that comes into a dock: one that shows as it is written, and that can stand
/// in a URL. Those that are stored already are read by `create`.
/// @errors invalid_argument
[[nodiscard]] Result<LearnwareId> create_new_id(std::string_view text);

}  // namespace learndock
