#pragma once

#include "dock/upkeep/examination.hpp"

#include <filesystem>
#include <optional>

namespace learndock::dock {

/// Mends the damage in `examined` and marks in its report what was mended.
[[nodiscard]] Result<void> repair(const std::filesystem::path& dock, Examined& examined,
                                  const UpkeepProgress& progress);

/// Mends the head of the catalogue's file, without which nothing else can be examined. @return the finding,
/// when anything was wrong
[[nodiscard]] Result<std::optional<Finding>> mend_catalogue_head(const std::filesystem::path& dock);

}  // namespace learndock::dock
