#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/dock/dock.hpp"

#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"

#include <filesystem>
#include <functional>

namespace learndock::dock {

/// Each may be empty.
struct BulkImportHooks {
  Dock::Progress progress;
  std::function<void()> stored;    ///< called after each batch, under the writer lock
  std::function<void()> finished;  ///< called when all lines are stored, before the last progress
};

/// Adds records without packages from a file of JSON lines (see Dock::import_specifications).
[[nodiscard]] Result<ImportOutcome> import_lines(Truth& truth, View& view, const compute::Backend& backend,
                                                 const std::filesystem::path& jsonl,
                                                 const BulkImportHooks& hooks);

}  // namespace learndock::dock
