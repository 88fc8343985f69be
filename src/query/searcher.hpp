#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/query/search.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/snapshot.hpp"

namespace learndock::query {

/// Answers one request from one snapshot by comparing every learnware that passes the filters.
/// @param threads  of the parts that the backend does not run itself; 0 = all cores
/// @param catalog  of the dock that the snapshot is of; makes text searches faster, changes no answer
/// @param max_points  more in the query are refused; learnwares that have more are left out of mixtures
[[nodiscard]] Result<SearchAnswer> search_snapshot(const learnwares::Snapshot& snapshot,
                                                   const SearchRequest& request,
                                                   const compute::Backend& backend, unsigned threads = 0,
                                                   const catalog::Catalog* catalog = nullptr,
                                                   std::size_t max_points = kUsualMaxPoints);

}  // namespace learndock::query
