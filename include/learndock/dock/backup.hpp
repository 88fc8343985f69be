#pragma once

#include "learndock/base/result.hpp"
#include "learndock/dock/upkeep.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Backups of a dock, which may be made beside a server.
namespace learndock::dock {

struct BackupOptions {
  bool copy = false;  ///< packages are copied also where a hard link could be made
};

struct BackupReport {
  std::uint64_t records = 0;
  std::uint64_t last_sequence = 0;  ///< catalogue number of the latest learnware ever stored
  std::uint64_t version = 0;  ///< the catalogue's version; nothing acknowledged before the start is missing
  std::string created;        ///< when the catalogue was copied, UTC
  std::uint64_t packages = 0, linked = 0, bytes = 0;
  std::vector<std::string> problems;  ///< packages that are missing or damaged in the dock itself
};

/// Copies a dock, also one that a server has open, into a new or empty folder: the catalogue first, in one
/// state, then each package that it names, then a manifest with the size and SHA-256 of every file. The
/// search index is not copied: it is made again from the catalogue. Deleted learnwares are left out. A
/// failure leaves nothing in the folder.
/// @errors not_found, conflict (the folder is not empty, or is inside the dock), catalog_behind, corrupt,
///         no_space, io, unavailable (packages kept vanishing)
[[nodiscard]] Result<BackupReport> backup_dock(const std::filesystem::path& dock,
                                               const std::filesystem::path& to,
                                               const BackupOptions& options = {},
                                               const UpkeepProgress& progress = {});

/// Makes a new dock from a backup. Every file is compared with the manifest before the folder becomes a dock.
/// @errors not_found (no backup there), backup_mismatch, conflict (the folder is not empty), no_space, io
[[nodiscard]] Result<CheckReport> restore_dock(const std::filesystem::path& backup,
                                               const std::filesystem::path& dock,
                                               const UpkeepProgress& progress = {});

}  // namespace learndock::dock
