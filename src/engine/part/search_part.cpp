#include "engine/part/search_part.hpp"

#include "engine/part/packed_sets_cache.hpp"

namespace learndock::engine {

SearchPart::SearchPart() : packed_sets_(std::make_unique<PackedSetsCache>()) {}
SearchPart::~SearchPart() = default;

}  // namespace learndock::engine
