#pragma once

#include "compute/direct_sums.hpp"
#include "engine/prefilter/prefilter.hpp"

#include <optional>

namespace learndock::engine {

/// direct.inner_product(set), or nothing if the deadline comes first. A long product is done in steps of
/// about a millisecond, with a look at the clock before each. A product that takes less is always done.
/// @param points number of points of the query that `direct` was made from
[[nodiscard]] std::optional<double> product_in_time(const compute::DirectQuery& direct, std::size_t points,
                                                    const compute::ReducedSetView& set,
                                                    const Deadline& deadline);

}  // namespace learndock::engine
