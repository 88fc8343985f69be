#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "catalog/catalog.hpp"
#include "learnwares/dock_parts.hpp"
#include "learnwares/snapshot.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace learndock::dock {

struct OpenedIndex {
  std::vector<std::shared_ptr<const engine::StoredPart>> parts;
  std::vector<std::string> problems;    ///< why a stored index is not used
  specification::SpaceKernels kernels;  ///< that its parts are under

  /// Whether some part has the learnware of this catalogue number.
  [[nodiscard]] bool holds(LearnwareNumber key) const;
};

/// Drops parts that were made from another catalogue: one that a restored copy has replaced, after which
/// numbers were given again. In each part the latest learnware that the catalogue still has, and some others,
/// are compared with their records.
/// @param live  the catalogue's numbers, ascending
/// @errors of the catalogue
[[nodiscard]] Result<void> drop_foreign_parts(const catalog::Catalog& catalog,
                                              std::span<const LearnwareNumber> live, OpenedIndex& opened);

/// Opens a version of the stored index. A damaged one is not used, and `problems` says so: searches then
/// compare every learnware.
[[nodiscard]] OpenedIndex open_index(const store::IndexVersion& version,
                                     const std::shared_ptr<const compute::Backend>& backend,
                                     unsigned threads);

/// The parts of an index, in which the learnwares that the dock still has are live; null when there are none.
/// @param entries  by catalogue number
[[nodiscard]] std::shared_ptr<const learnwares::DockParts> live_parts(
    OpenedIndex opened, std::uint64_t version,
    std::span<const std::shared_ptr<const learnwares::Entry>> entries);

}  // namespace learndock::dock
