#pragma once

#include "engine/part/search_part.hpp"

#include <memory>
#include <string>
#include <vector>

namespace learndock::engine {

/// One learnware as a part takes it. Non-owning.
struct PartItem {
  std::string_view id;
  compute::ReducedSetView set;
};

struct PartOptions {
  PrefilterKind prefilter = PrefilterKind::code_scan;
  compute::CodeType codes = kCodes;
  std::size_t items_per_cell = kItemsPerCell;
  unsigned threads = 1;
};

/// Makes a part in memory and copies the sets into it. Meant for the latest inserts and for tests.
/// @errors as encode and Backend::hold
[[nodiscard]] Result<std::shared_ptr<const SearchPart>> make_memory_part(
    std::shared_ptr<const FeatureSpace> space, std::span<const PartItem> items, const PartOptions& options,
    const std::shared_ptr<const compute::Backend>& backend);

}  // namespace learndock::engine
