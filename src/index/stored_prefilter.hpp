#pragma once

#include "learndock/index/prefilter.hpp"
#include "learndock/index/segment.hpp"

#include "index/alignment.hpp"
#include "index/part_sections.hpp"

#include <functional>
#include <memory>

namespace learndock::index {

/// The prefilters of a part on disk.
struct StoredPrefilters {
  std::unique_ptr<Prefilter> distances;
  std::unique_ptr<AlignmentScan> alignment;
};

/// Embeds all of a part's learnwares anew, for the exact scan. @errors corrupt
using EmbedAll = std::function<Result<std::vector<Embedding>>()>;

/// @errors corrupt; as Backend::hold
[[nodiscard]] Result<StoredPrefilters> open_prefilters(const Segment& segment, const SpaceFields& fields,
                                                       const std::shared_ptr<const compute::Backend>& backend,
                                                       unsigned threads, const EmbedAll& embed_all);

}  // namespace learndock::index
