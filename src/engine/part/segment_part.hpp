#pragma once

#include "learndock/base/ids.hpp"

#include "engine/part/search_part.hpp"
#include "specification/space_id.hpp"
#include "store/segment.hpp"

#include <filesystem>
#include <memory>
#include <span>

namespace learndock::engine {

/// A part on disk, mapped into memory. Opening checks everything but the reduced sets; each reduced set is
/// checked before its first use.
class StoredPart : public SearchPart {
 public:
  /// The catalogue's numbers of the items, in their order.
  [[nodiscard]] virtual std::span<const LearnwareNumber> keys() const = 0;
  [[nodiscard]] virtual const specification::SpaceId& space_id() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<const store::Segment>& segment() const = 0;
  [[nodiscard]] const store::SegmentInfo& info() const { return segment()->info(); }
};

/// @errors corrupt, io; as Backend::hold
[[nodiscard]] Result<std::shared_ptr<const StoredPart>> open_part(
    std::shared_ptr<const store::Segment> segment, const std::shared_ptr<const compute::Backend>& backend,
    unsigned threads = 1);
/// The same for a file. @errors also not_found, unsupported
[[nodiscard]] Result<std::shared_ptr<const StoredPart>> open_part(
    const std::filesystem::path& path, const std::shared_ptr<const compute::Backend>& backend,
    unsigned threads = 1);

}  // namespace learndock::engine
