#pragma once

#include "catalog/catalog.hpp"
#include "learnwares/snapshot.hpp"
#include "query/request/deadline.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace learndock::query {

struct FilterRequest {
  const specification::SemanticSpecification& wanted;
  const std::string& text;                         ///< overrides wanted.name
  std::size_t limit = SIZE_MAX;                    ///< only the first learnwares of the answer are needed
  const catalog::Catalog* catalog = nullptr;       ///< of the same dock: its text index narrows what is read
  unsigned threads = 1;                            ///< number of threads that look for similar texts
  std::span<const catalog::Status> statuses = {};  ///< only learnwares of these; empty: all
};

/// The learnwares that pass a requirement, by insertion order: they have one of the wanted values for each
/// wanted key. With a text, only learnwares whose name or description contains it pass or, if none does,
/// those with a partial ratio of at least 75, best first. A spent deadline leaves out learnwares whose text
/// was not yet looked at.
[[nodiscard]] learnwares::Selection filter(const learnwares::Snapshot& snapshot, const FilterRequest& request,
                                           Deadline& deadline);

/// The same as a set of items of the snapshot's semantic index, which must be there. Without text no
/// learnware is looked at. The request's limit must be SIZE_MAX: a set has no order.
[[nodiscard]] learnwares::Bitmap filter_items(const learnwares::Snapshot& snapshot,
                                              const FilterRequest& request, Deadline& deadline);

}  // namespace learndock::query
