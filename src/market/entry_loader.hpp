#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/catalog.hpp"
#include "learndock/index/snapshot.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace learndock::market {

/// A record as the search engine takes it, but for its self term, which is computed for many at once.
/// @param kernels  in force: the specification gets its group's gamma
/// @errors json_*, semantic_*, spec_*
[[nodiscard]] Result<index::EntryFields> entry_fields(const catalog::LearnwareRecord& record,
                                                      const index::SpaceKernels& kernels = {});

/// Whether the learnware of this catalogue number has its reduced set in a stored part.
using HeldByPart = std::function<bool(std::uint64_t sequence)>;

struct LoadOptions {
  const index::SpaceKernels& kernels;
  unsigned threads = 1;
  HeldByPart held;  ///< what it names is not kept in memory; may be called from many threads
};

/// The entries of all records, by catalogue number. @errors as entry_fields, io
[[nodiscard]] Result<std::vector<std::shared_ptr<const index::Entry>>> load_entries(
    const catalog::Catalog& catalog, index::TraitsPool& traits, const LoadOptions& options);

/// Entries whose reduced set is neither in memory nor held get it from the catalogue.
/// @errors as load_entries; corrupt (the catalogue has not what it had) @cost the records of these entries
[[nodiscard]] Result<void> take_missing_sets(const catalog::Catalog& catalog, const LoadOptions& options,
                                             std::vector<std::shared_ptr<const index::Entry>>& entries);

}  // namespace learndock::market
