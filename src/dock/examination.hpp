#pragma once

#include "learndock/dock/upkeep.hpp"

#include "catalog/catalog.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace learndock::dock {

/// What a check of a dock has read; what a repair works on. Nothing is changed.
struct Examined {
  CheckReport report;
  std::unique_ptr<catalog::Catalog> catalog;  ///< for reading; null when it cannot be opened
  bool rebuild_catalogue = false;  ///< it is missing, empty, cannot be opened, or its structure is damaged
  bool behind = false;             ///< it has lost records, or changes
  std::vector<catalog::LearnwareRecord> damaged;
  std::map<std::uint64_t, catalog::IndexedName> names;  ///< of damaged records, as the indexes have them
  std::set<std::string> named;                          ///< packages that sound records name
  std::vector<std::string> orphans;                     ///< packages that no sound record names, oldest first
  std::vector<std::string> damaged_segments;            ///< file names
  bool rebuild_index = false, drop_entries = false;
};

/// @errors io, unsupported; damage is a finding
[[nodiscard]] Result<Examined> examine(const std::filesystem::path& dock, const CheckOptions& options,
                                       const UpkeepProgress& progress);

/// Mends what `examined` found; what was mended is marked in its report.
[[nodiscard]] Result<void> repair(const std::filesystem::path& dock, Examined& examined,
                                  const UpkeepProgress& progress);

/// Before the rest can be looked at. @return what was wrong, when anything was
[[nodiscard]] Result<std::optional<Finding>> mend_catalogue_head(const std::filesystem::path& dock);

/// SHA-256 of a file's bytes. @errors not_found, io
[[nodiscard]] Result<std::string> digest_of_file(const std::filesystem::path& file);

}  // namespace learndock::dock
