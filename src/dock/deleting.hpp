#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/compute/backend.hpp"

#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"

#include <cstdint>
#include <optional>

namespace learndock::dock {

/// Deletes a learnware: its row, then what searches see of it, then its package (see Dock::remove).
[[nodiscard]] Result<catalog::LearnwareRecord> delete_learnware(
    Truth& truth, View& view, const LearnwareId& id, std::optional<std::int64_t>* kept_until_unix_ms);

/// Brings the newest deletion of an id back: its package, then its row, then what searches see of it (see
/// Dock::undelete).
[[nodiscard]] Result<catalog::LearnwareRecord> undelete_learnware(Truth& truth, View& view,
                                                                  const compute::Backend& backend,
                                                                  const LearnwareId& id);

}  // namespace learndock::dock
