#pragma once

#include "learndock/catalog/records.hpp"

#include <optional>
#include <string_view>

namespace learndock::catalog {

/// The inverse of `status_name`; nothing for a name this build does not know.
[[nodiscard]] std::optional<Status> status_of_name(std::string_view name);

}  // namespace learndock::catalog
