#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Upkeep of a dock that no server has open: checking, mending and purging.
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
