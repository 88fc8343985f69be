#pragma once

#include "learndock/specification/statistical.hpp"

#include "learnwares/snapshot.hpp"

namespace learndock::query {

/// The entry by which a learnware is compared with the query: one of its further specifications if that has
/// the query's kind and shape, else the learnware's own entry. A learnware has at most one specification of a
/// kind and shape, so that no search meets it twice. @cost logarithmic
[[nodiscard]] const learnwares::Entry* compared_by(const learnwares::Snapshot& snapshot,
                                                   const learnwares::Entry& entry,
                                                   const specification::RkmeSpecification& query);

}  // namespace learndock::query
