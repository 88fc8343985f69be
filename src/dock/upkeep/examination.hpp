#pragma once

#include "learndock/dock/upkeep.hpp"

#include "catalog/catalog.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace learndock::dock {

/// The result of examining a dock, which a repair works on.
struct Examined {
  CheckReport report;
  std::unique_ptr<catalog::Catalog> catalog;  ///< opened for reading; null when it cannot be opened
  bool rebuild_catalogue = false;  ///< it is missing, empty, cannot be opened or has a damaged structure
  bool behind = false;             ///< the catalogue has lost records or changes
  std::vector<catalog::LearnwareRecord> damaged;
  std::map<LearnwareNumber, catalog::IndexedName> names;  ///< damaged records as the indexes have them
  std::set<std::string> named;                            ///< packages that sound records name
  std::vector<std::string> orphans;           ///< packages that no sound record names, oldest first
  std::vector<std::string> damaged_segments;  ///< file names
  bool rebuild_index = false, drop_entries = false;
};

/// Reads a dock and changes nothing. @errors io, unsupported; damage is a finding
[[nodiscard]] Result<Examined> examine(const std::filesystem::path& dock, const CheckOptions& options,
                                       const UpkeepProgress& progress);

}  // namespace learndock::dock
