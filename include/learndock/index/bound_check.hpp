#pragma once

#include "learndock/base/result.hpp"
#include "learndock/index/certified_search.hpp"

#include <cstddef>
#include <cstdint>

namespace learndock::index {

struct BoundCheck {
  std::size_t pairs = 0;
  double tightest = 0;  ///< least (distance - bound) seen
};

/// Compares lower bounds with distances in fp64 for some of the part's own learnwares as queries, each with
/// its nearest by bound and with a random sample: what every build of an index does before it answers
/// anything.
/// @errors internal: a bound lies above its distance, so that certificates would be false
[[nodiscard]] Result<BoundCheck> check_bounds(const SearchPart& part, std::size_t queries, std::uint64_t seed,
                                              unsigned threads);

}  // namespace learndock::index
