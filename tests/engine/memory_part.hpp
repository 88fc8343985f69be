#pragma once

#include "engine/part/part_writer.hpp"
#include "engine/part/search_part.hpp"

#include <memory>
#include <string>
#include <vector>

namespace learndock::engine {

struct PartOptions {
  PrefilterKind prefilter = PrefilterKind::code_scan;
  compute::CodeType codes = kCodes;
  std::size_t items_per_cell = kItemsPerCell;
  unsigned threads = 1;
};

/// Makes a part in memory, with any prefilter, and copies the sets into it: what stored parts are compared
/// with.
/// @errors as encode and Backend::hold
[[nodiscard]] Result<std::shared_ptr<const SearchPart>> make_memory_part(
    std::shared_ptr<const FeatureSpace> space, std::span<const ItemContent> items, const PartOptions& options,
    const std::shared_ptr<const compute::Backend>& backend);

}  // namespace learndock::engine
