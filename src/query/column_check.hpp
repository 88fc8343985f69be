#pragma once

#include "learndock/base/warning.hpp"
#include "learndock/query/search.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/snapshot.hpp"

namespace learndock::query {

/// Compares the names of the user's columns with those of the hits' inputs, and warns (columns_reordered,
/// columns_unmatched) where a distance compares one column with another. When hits have other names only, a
/// few further learnwares of the same dimension are looked at: columns in another order may keep the right
/// learnware from being a hit.
/// @pre the answer is of this request and this snapshot
/// @return nothing when the request has no names; records that cannot be read are passed over
/// @cost reads at most 40 + 64 records of the catalogue and parses at most 4 MiB of them
[[nodiscard]] Warnings column_warnings(const SearchRequest& request, const SearchAnswer& answer,
                                       const learnwares::Snapshot& snapshot, const catalog::Catalog& catalog);

}  // namespace learndock::query
