#include "engine/part/search_part.hpp"

#include "engine/part/packed_runs.hpp"

namespace learndock::engine {

SearchPart::SearchPart() : packed_runs_(std::make_unique<PackedRuns>()) {}
SearchPart::~SearchPart() = default;

}  // namespace learndock::engine
