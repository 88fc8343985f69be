#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/query/search.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/snapshot.hpp"
#include "query/request/deadline.hpp"
#include "query/semantic_filter.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace learndock::query {

/// The means of a search, apart from its task.
struct SearchMeans {
  const compute::Backend& backend;
  unsigned threads = 0;
  const catalog::Catalog* catalog = nullptr;
  std::size_t max_points = kUsualMaxPoints;
};

struct StatisticalTask {
  const SearchRequest& request;  ///< with a specification
  const learnwares::Snapshot& snapshot;
  const learnwares::Selection& entries;  ///< entries that passed the filters
  bool chosen_kernel = false;  ///< the specification's kernel is that of the index, not the query's own
};

/// Compares everything that passed the filters, then searches for the mixture. Fills singles, mixture,
/// evaluated, slack, exact, warnings and timings.
[[nodiscard]] Result<void> statistical_search(const StatisticalTask& task, const SearchMeans& means,
                                              Deadline& deadline, SearchAnswer& answer);

/// @param chosen the gamma is the index's, not the query's own
[[nodiscard]] Result<void> warn_if_blind(const specification::RkmeSpecification& query, bool chosen,
                                         const compute::Backend& backend, Warnings& warnings);

}  // namespace learndock::query
