#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/search.hpp"

#include "market/deadline.hpp"
#include "market/semantic_filter.hpp"

#include <cstddef>

namespace learndock::market {

struct IndexedSearch {
  const SearchRequest& request;
  const index::Snapshot& snapshot;
  /// The learnwares that passed the filters; null: all of the dock.
  const Entries* entries = nullptr;
  const compute::Backend& backend;
  unsigned threads = 1;
};

/// Whether stored parts hold learnwares of the request's space, so that `indexed_search` can answer it.
[[nodiscard]] bool is_indexed(const index::Snapshot& snapshot, const SearchRequest& request);

/// Absolute scores by certified search over the stored parts and over what is in none of them yet.
/// Fills singles, mixture, evaluated, slack, warnings and timings; `exact` is lowered when it was not proved.
[[nodiscard]] Result<void> indexed_search(const IndexedSearch& search, Deadline& deadline,
                                          SearchAnswer& answer);

}  // namespace learndock::market
