#pragma once

#include "learndock/base/result.hpp"

#include "engine/part/segment_part.hpp"
#include "engine/search/certified_search.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace learndock::engine {

struct BoundCheck {
  std::size_t pairs = 0;
  double tightest = 0;  ///< least (distance - bound) seen
};

/// Compares lower bounds with distances in fp64, with some of the part's own learnwares as queries: each with
/// its nearest by bound and with a random sample. Every build of an index does this before the index answers
/// anything.
/// @errors internal (a bound is above its distance, so that certificates would be false)
[[nodiscard]] Result<BoundCheck> check_bounds(const SearchPart& part, std::size_t queries, std::uint64_t seed,
                                              unsigned threads);

/// Compares certified searches with comparing everything, with some of the part's own learnwares as queries.
/// @return the number of searches @errors internal (an answer differs)
[[nodiscard]] Result<std::size_t> check_searches(const std::shared_ptr<const SearchPart>& part,
                                                 std::size_t searches, unsigned threads);

struct PartCheck {
  BoundCheck bounds;
  std::size_t searches = 0;
};
/// Runs both checks, which every new part must pass before it becomes current. @errors as both
[[nodiscard]] Result<PartCheck> check_part(const std::shared_ptr<const SearchPart>& part, unsigned threads);

struct CheckedPart {
  std::shared_ptr<const StoredPart> part;
  PartCheck check;
};
/// Opens a part that was written and checks it. @errors as open_part and check_part
[[nodiscard]] Result<CheckedPart> open_checked(const std::filesystem::path& path,
                                               const std::shared_ptr<const compute::Backend>& backend,
                                               unsigned threads);

}  // namespace learndock::engine
