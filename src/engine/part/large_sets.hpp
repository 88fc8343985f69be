#pragma once

#include "engine/part/segment_part.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace learndock::engine {

/// The items of a stored part that have more than `points` points, ascending. @errors corrupt
/// @cost the first time for a part, a look at each record that is long enough for it; then nothing
/// @threads safe
[[nodiscard]] Result<std::shared_ptr<const std::vector<PartItem>>> larger_than(const StoredPart& part,
                                                                               std::size_t points);

}  // namespace learndock::engine
