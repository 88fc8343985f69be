#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Upkeep of a dock: checking, mending and purging one that no server has open, and backups, which may run
/// beside a server.
namespace learndock::dock {

using UpkeepProgress = std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

/// One thing that a check of a dock found.
struct Finding {
  std::string part;  ///< "dock", "catalogue", "record", "package", "orphan", "index", "entries", "staging",
                     ///< "deleted"
  std::string subject;  ///< a learnware's id, a package's SHA-256 or a file
  std::string what;     ///< what was found, with the facts
  std::string fix;      ///< what a person can do; empty when there is nothing to do
  bool damage = true;   ///< false: worth knowing, and nothing is lost
  bool mended = false;  ///< mended by this run; `fix` then says how
};
[[nodiscard]] Json to_json(const Finding& finding);

struct CheckOptions {
  bool packages = false;  ///< reads every package, also of deleted learnwares, and compares its SHA-256
  bool repair = false;
  unsigned threads = 0;
};

struct CheckReport {
  std::uint64_t records = 0;
  std::uint64_t packages = 0;
  std::vector<Finding> findings;
  /// How many findings are damage that is not mended.
  [[nodiscard]] std::uint64_t damages() const;
};

/// Reads a dock that no other process has open: the catalogue's structure, every record with its checksum,
/// whether each package is there, packages that no record names, the stored index, the learnware cache, and
/// what interrupted uploads left. Without `repair` nothing is changed.
///
/// With `repair` a catalogue that cannot be read is set aside under another name and made again from what can
/// be read of it and from the packages; damaged records are made again from their packages under the same id;
/// packages that no record names become records; damaged files of the index are dropped, to be made again.
/// Nothing that may be the last copy of something is removed.
/// @errors not_found (no dock there), conflict (another process has it open), unsupported, no_space, io;
///         damage is not an error but a finding
[[nodiscard]] Result<CheckReport> check_dock(const std::filesystem::path& dock, const CheckOptions& options,
                                             const UpkeepProgress& progress = {});

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

struct PurgeOptions {
  std::chrono::seconds older_than = std::chrono::hours(24 * 7);  ///< age, by the file's time
  bool dry_run = false;
};

struct PurgeReport {
  std::vector<std::string> removed;  ///< names; with `dry_run` the names of what would be removed
  std::uint64_t bytes = 0;
  std::uint64_t kept = 0;  ///< how many were younger and stay
};

/// Removes packages that no record and no deletion names. Refuses where the catalogue may have lost records.
/// @errors not_found, conflict, catalog_behind, corrupt, io
[[nodiscard]] Result<PurgeReport> purge_orphans(const std::filesystem::path& dock,
                                                const PurgeOptions& options);

/// Removes for good the deleted learnwares that are still kept; `older_than` counts from the deletion.
/// @return their ids, or the names of their files where the records are damaged
/// @errors not_found, conflict
[[nodiscard]] Result<PurgeReport> purge_deleted(const std::filesystem::path& dock,
                                                const PurgeOptions& options);

}  // namespace learndock::dock
