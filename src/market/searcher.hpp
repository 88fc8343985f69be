#pragma once

#include "learndock/catalog/catalog.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/dock_file.hpp"
#include "learndock/market/search.hpp"

namespace learndock::market {

/// Answers one request from one snapshot by comparing every learnware that passes the filters.
/// @param threads  of the parts that the backend does not run itself; 0 = all cores
/// @param catalog  of the dock that the snapshot is of; makes text searches faster, changes no answer
/// @param max_points  more in the query are refused; learnwares that have more are left out of mixtures
[[nodiscard]] Result<SearchAnswer> search_snapshot(const index::Snapshot& snapshot,
                                                   const SearchRequest& request,
                                                   const compute::Backend& backend, unsigned threads = 0,
                                                   const catalog::Catalog* catalog = nullptr,
                                                   std::size_t max_points = DockLimits().max_points);

}  // namespace learndock::market
