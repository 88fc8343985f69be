#include "engine/search/space_embeddings.hpp"

#include <algorithm>

namespace learndock::engine {

SpaceEmbeddings::SpaceEmbeddings(std::span<const FilteredPart> parts,
                                 std::span<const compute::ReducedSetView> sets, unsigned threads) {
  std::vector<const FeatureSpace*> spaces;
  for (const FilteredPart& part : parts) {
    const FeatureSpace* const space = part.part->space();
    const auto known = std::find(spaces.begin(), spaces.end(), space);
    space_of_.push_back(static_cast<std::size_t>(known - spaces.begin()));
    if (known != spaces.end()) continue;
    spaces.push_back(space);
    embedded_.push_back(space == nullptr ? std::vector<Embedding>(sets.size()) : space->embed(sets, threads));
  }
}

}  // namespace learndock::engine
