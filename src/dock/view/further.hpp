#pragma once

#include "learndock/base/result.hpp"
#include "learndock/specification/statistical.hpp"

#include "learnwares/snapshot.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::dock {

// A learnware may have further statistical specifications beside the one that the index compares, of other
// kinds or shapes: a table specification beside a hetero-map specification, say.

/// The form in which a record keeps them: the binary form of each, after its length in four bytes. "" for
/// none.
[[nodiscard]] std::string pack_further(std::span<const specification::RkmeSpecification> further);
/// @errors spec_*, corrupt
[[nodiscard]] Result<std::vector<specification::RkmeSpecification>> unpack_further(std::string_view packed);

/// Shows searches the further specifications of a learnware. Those that cannot be read are logged and left
/// out.
/// @param owner  an entry of the snapshot, later than all that have further specifications already
void show_further(learnwares::Snapshot& snapshot, const learnwares::Entry& owner, std::string_view packed,
                  learnwares::TraitsPool& pool);

}  // namespace learndock::dock
