#pragma once

#include "store/segment.hpp"
#include "store/tombstones.hpp"

namespace learndock::store {

/// Writes all deletions as a segment of bitmaps. @errors as SegmentWriter
[[nodiscard]] Result<SegmentInfo> write_tombstones(const std::filesystem::path& path, std::uint64_t number,
                                                   const Tombstones& deleted);

/// Reads them, whole and checked. `items` are the sizes of the segments that they belong to. @errors corrupt
[[nodiscard]] Result<Tombstones> read_tombstones(const Segment& file,
                                                 const std::vector<std::uint64_t>& items);

}  // namespace learndock::store
