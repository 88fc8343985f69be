#pragma once

#include "learndock/base/error.hpp"

#include "learnwares/snapshot.hpp"
#include "store/segment.hpp"

#include <memory>
#include <optional>

/// Mapped files of the index, and the learnware cache, that are lost while the dock is open: damaged,
/// shortened, or unreadable on their disk. The catalogue has all that such a file had.
namespace learndock::dock {

/// The reason why a part can no longer be used; none when it can. Its file is opened again, because the
/// damage may have come after the first check. The mapped content may also be gone although the disk can read
/// the file again. @cost reads the file
[[nodiscard]] std::optional<Error> damage_of(const store::Segment& segment, unsigned threads);

/// An empty snapshot for replaced entries: everything that numbers entries is built again.
[[nodiscard]] learnwares::Snapshot fresh_snapshot(const learnwares::Snapshot& before,
                                                  const std::shared_ptr<const learnwares::DockParts>& parts);

}  // namespace learndock::dock
