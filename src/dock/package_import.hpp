#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/dock/dock.hpp"

#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace learndock::dock {

/// Adds one package: reads and decodes it once, then stores its files, then its row, and then shows it to
/// searches (see Dock::add_package).
/// @param warnings  may be null
[[nodiscard]] Result<catalog::LearnwareRecord> import_package(
    Truth& truth, View& view, const compute::Backend& backend, const archive::ArchiveLimits& limits,
    const std::filesystem::path& path, const specification::SemanticSpecification* semantic,
    std::vector<std::string>* warnings);

using AddPackage = std::function<Result<catalog::LearnwareRecord>(const std::filesystem::path& path,
                                                                  std::vector<std::string>& warnings)>;
/// Calls `add` for the packages that the paths are, or are folders of (see Dock::import_packages).
[[nodiscard]] ImportOutcome import_all(const std::vector<std::filesystem::path>& paths, const AddPackage& add,
                                       const Dock::Progress& progress);

}  // namespace learndock::dock
