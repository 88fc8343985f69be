#pragma once

#include "learndock/catalog/catalog.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/index/snapshot.hpp"
#include "learndock/market/dock_file.hpp"
#include "learndock/market/search.hpp"

#include "market/deadline.hpp"
#include "market/semantic_filter.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace learndock::market {

/// What a search is done with.
struct SearchMeans {
  const compute::Backend& backend;
  unsigned threads = 0;
  const catalog::Catalog* catalog = nullptr;
  std::size_t max_points = DockLimits().max_points;
};

struct StatisticalTask {
  const SearchRequest& request;  ///< with a specification
  const index::Snapshot& snapshot;
  const Entries& entries;     ///< that passed the filters
  bool chosen_gamma = false;  ///< the specification's gamma is that of the index, not the query's own
};

/// Compares everything that passed the filters, then seeks the mixture. Fills singles, mixture, evaluated,
/// slack, exact, warnings and timings.
[[nodiscard]] Result<void> statistical_search(const StatisticalTask& task, const SearchMeans& means,
                                              Deadline& deadline, SearchAnswer& answer);

/// @param chosen  the gamma is that of the index, not of the query's own
[[nodiscard]] Result<void> warn_if_blind(const spec::RkmeSpecification& query, bool chosen,
                                         const compute::Backend& backend, std::vector<std::string>& warnings);

}  // namespace learndock::market
