#pragma once

#include "engine/search/bounded_search.hpp"

#include <vector>

namespace learndock::engine {

/// Raises bounds of MMD^2 by fp32 products with all candidates at once. If the index tells little apart, that
/// costs less than exact products one at a time. Nothing changes if there are few candidates, no backend, no
/// time, or no room to keep their packed sets for the next such search.
/// @param candidates no candidate occurs twice
/// @errors corrupt; unavailable
[[nodiscard]] Result<void> tighten_by_products(std::span<const FilteredPart> parts,
                                               const compute::ReducedSetView& query, double query_self,
                                               const CertifiedOptions& options,
                                               std::vector<Candidate>& candidates);

}  // namespace learndock::engine
