#pragma once

#include "engine/prefilter/inner_product_prefilter.hpp"
#include "engine/prefilter/prefilter.hpp"
#include "engine/space/part_sections.hpp"
#include "store/segment.hpp"

#include <functional>
#include <memory>

namespace learndock::engine {

/// The prefilters of a part on disk.
struct StoredPrefilters {
  std::unique_ptr<Prefilter> distances;
  std::unique_ptr<InnerProductPrefilter> alignment;
};

/// Embeds all of a part's learnwares again, for the exact scan. @errors corrupt
using EmbedAll = std::function<Result<std::vector<Embedding>>()>;

/// @errors corrupt; as Backend::hold
[[nodiscard]] Result<StoredPrefilters> open_prefilters(const store::Segment& segment,
                                                       const PartFields& fields,
                                                       const std::shared_ptr<const compute::Backend>& backend,
                                                       unsigned threads, const EmbedAll& embed_all);

}  // namespace learndock::engine
