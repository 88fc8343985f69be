#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/query/search.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/snapshot.hpp"

namespace learndock::query {

/// Answers one request from one snapshot: with the index, if that has learnwares of the request's space and
/// the request allows it, else by comparing every learnware that passes the filters.
/// @param threads number of threads for work that the backend does not do itself; 0: all cores
/// @param catalog catalogue of the snapshot's dock; it makes text searches faster and changes no answer
/// @param max_points a query with more is refused; learnwares with more are left out of mixtures
[[nodiscard]] Result<SearchAnswer> search_snapshot(const learnwares::Snapshot& snapshot,
                                                   const SearchRequest& request,
                                                   const compute::Backend& backend, unsigned threads = 0,
                                                   const catalog::Catalog* catalog = nullptr,
                                                   std::size_t max_points = kUsualMaxPoints);

}  // namespace learndock::query
