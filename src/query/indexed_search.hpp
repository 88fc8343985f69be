#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/query/search.hpp"

#include "learnwares/snapshot.hpp"
#include "query/request/deadline.hpp"

#include <cstddef>

namespace learndock::query {

struct IndexedSearch {
  const SearchRequest& request;
  const learnwares::Snapshot& snapshot;
  /// The learnwares that passed the filters, as items of the snapshot's semantic index; null: all of the
  /// dock.
  const learnwares::Bitmap* items = nullptr;
  const compute::Backend& backend;
  unsigned threads = 1;
  std::size_t max_points = kUsualMaxPoints;  ///< learnwares with more are left out of mixtures
};

/// Whether stored parts have learnwares of the request's space, so that `indexed_search` can answer it.
[[nodiscard]] bool is_indexed(const learnwares::Snapshot& snapshot, const SearchRequest& request);

/// Answers with absolute scores by certified search over the stored parts and the unindexed learnwares. It
/// fills singles, mixture, evaluated, slack, warnings and timings (finding what can be compared counts as
/// filtering), and sets `exact` to false if it was not proved. Of the learnwares in stored parts, only those
/// of the answer are looked at.
[[nodiscard]] Result<void> indexed_search(const IndexedSearch& search, Deadline& deadline,
                                          SearchAnswer& answer);

}  // namespace learndock::query
