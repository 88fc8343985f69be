#pragma once

#include "learndock/base/ids.hpp"

#include <string_view>

namespace learndock {

/// LearnwareId::create for an id that comes into a dock. Such an id shows as it is written and can be part of
/// a URL. Stored ids are read by `create`, which allows more.
/// @errors invalid_argument
[[nodiscard]] Result<LearnwareId> create_new_id(std::string_view text);

}  // namespace learndock
