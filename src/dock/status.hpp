#pragma once

#include "learndock/dock/dock.hpp"

#include "dock/truth/truth.hpp"
#include "learnwares/snapshot.hpp"

namespace learndock::dock {

/// What a dock says of itself (see Dock::status).
[[nodiscard]] DockStatus status_of(const Truth& truth, const learnwares::Snapshot& snapshot);

}  // namespace learndock::dock
