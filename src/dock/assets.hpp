#pragma once

#include "base/asset.hpp"

#include <string_view>

namespace learndock::dock {

/// Null when there is none of that name.
[[nodiscard]] const Asset* find_asset(std::string_view name);

}  // namespace learndock::dock
