#pragma once

#include "compute/direct_sums.hpp"
#include "engine/prefilter/prefilter.hpp"

#include <optional>

namespace learndock::engine {

/// direct.inner_product(set), or nothing when the deadline comes first. Where the product takes long it is
/// done in pieces of about a millisecond, with a look at the clock before each; one that takes less is done
/// whatever the time.
/// @param points  of the query that `direct` was made of
[[nodiscard]] std::optional<double> product_in_time(const compute::DirectQuery& direct, std::size_t points,
                                                    const compute::ReducedSetView& set,
                                                    const Deadline& deadline);

}  // namespace learndock::engine
