#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/search.hpp"

namespace learndock::market {

/// Answers one request from one snapshot by comparing every learnware that passes the filters.
[[nodiscard]] Result<SearchAnswer> search_snapshot(const index::Snapshot& snapshot,
                                                   const SearchRequest& request,
                                                   const compute::Backend& backend);

}  // namespace learndock::market
