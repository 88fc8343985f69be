#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/catalog/verification.hpp"
#include "learndock/dock/deleted_learnware.hpp"
#include "learndock/dock/disk_space.hpp"
#include "learndock/dock/dock_file.hpp"
#include "learndock/dock/record_json.hpp"
#include "learndock/dock/use_script.hpp"
#include "learndock/dock/verification_json.hpp"
#include "learndock/package/package.hpp"
#include "learndock/query/search.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace learndock::dock {

struct DockOptions {
  std::string backend;   ///< "" = the fastest CPU backend
  unsigned threads = 0;  ///< threads of one search; 0 = all cores
  archive::ArchiveLimits package_limits = {};
  /// When a space has this many unindexed learnwares, they are written to a new part.
  std::size_t index_from = 8192;
  /// The learnware cache is rewritten once at least this many records, and 1/16 of the dock, are missing from
  /// it.
  std::size_t entries_from = 4096;
  /// Opens for reading only: nothing in the dock's folder is changed, created or removed, so the folder need
  /// not be writable. Several processes may read one dock at a time, while none writes it.
  bool read_only = false;
  bool tend_index = false;  ///< extend the index on a background thread; else only `tend_index` does
  /// Each replaces the limit of the same name in the dock's own file (DockLimits).
  std::optional<std::uint64_t> max_dock_bytes = {};
  std::optional<std::uint64_t> min_free_bytes = {};
  std::optional<std::uint64_t> keep_deleted_days = {};
  DiskProbe disk_probe = {};  ///< unset: the disk of the dock's folder
};

struct Rejection {
  std::string path;  ///< the file, or "FILE.jsonl:LINE"
  Error error;
};

struct ImportOutcome {
  std::vector<LearnwareId> imported;
  std::vector<Rejection> rejected;
  std::vector<std::string> warnings;  ///< each begins with the file it is about
};

struct DockStatus {
  std::uint64_t learnwares = 0;
  std::uint64_t index_version = 0;
  std::uint64_t specification_bytes = 0;  ///< points and weights of all, as doubles; mapped or in memory
  std::string backend;
  std::uint64_t indexed = 0;            ///< learnwares in the stored index
  std::vector<std::string> prefilters;  ///< names, of the parts of the stored index
  std::uint64_t damaged = 0;            ///< records that searches leave out: their content cannot be trusted
  std::uint64_t orphans = 0;            ///< packages that no record named when the dock was opened
  bool read_only = false;
};

/// One dock: submit, list, search, retire learnwares. Owns the catalogue, the package store and the index.
///
/// @threads  safe to call concurrently; a search sees one consistent snapshot, also while learnwares come and
/// go
/// @ownership one process at a time writes a dock directory (a lock file keeps the others out)
class Dock {
 public:
  /// Makes an empty dock in a new or empty directory. @errors conflict (already a dock, or not empty), io
  [[nodiscard]] static Result<void> create(const std::filesystem::path& directory,
                                           const DockLimits& limits = {});
  /// Opening removes and moves nothing that a record may need. A damaged record is left out, logged and
  /// counted.
  /// @errors not_found (no dock there), conflict (in use by another process), corrupt, catalog_behind (the
  ///         catalogue is empty or older than what it acknowledged), backend_unavailable
  [[nodiscard]] static Result<std::unique_ptr<Dock>> open(const std::filesystem::path& directory,
                                                          const DockOptions& options = {});
  ~Dock();

  /// Learnwares of another dimension, type, number of scales or (absolute scores) gamma are skipped with a
  /// warning. Where a re-index chose a gamma, absolute scores compare all learnwares under it. A query of
  /// another gamma is compared under it too, with a warning that names both.
  /// @errors invalid_argument, spec_*, backend_unavailable
  [[nodiscard]] Result<query::SearchAnswer> search(const query::SearchRequest& request) const;

  /// Adds one package, a zip file or folder. `warnings` receives what the package's maker should know, also
  /// that its specification is kernel blind. @errors those of read_package; package_duplicate; conflict
  [[nodiscard]] Result<catalog::LearnwareRecord> add_package(
      const std::filesystem::path& path, const specification::SemanticSpecification* semantic = nullptr,
      std::vector<std::string>* warnings = nullptr);

  using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;
  /// Adds packages, folders that are packages, or folders of packages, in the order of their names. One bad
  /// package does not stop the rest.
  [[nodiscard]] Result<ImportOutcome> import_packages(const std::vector<std::filesystem::path>& paths,
                                                      const Progress& progress = {});
  /// Adds records from a file with one {"id"?, "semantic", "stat", "url"?} a line; keeps ids and order. Lines
  /// are stored in batches; a bad line is rejected alone. One warning counts all kernel-blind specifications.
  [[nodiscard]] Result<ImportOutcome> import_specifications(const std::filesystem::path& jsonl,
                                                            const Progress& progress = {});

  /// @errors not_found
  [[nodiscard]] Result<catalog::LearnwareRecord> find(const LearnwareId& id) const;
  [[nodiscard]] Result<catalog::RecordPage> list(std::uint64_t after, std::size_t limit) const;
  /// Where the verification of its package stands, and what it found. @errors not_found
  [[nodiscard]] Result<catalog::VerificationStatus> verification(const LearnwareId& id) const;
  /// Asks for another verification. The status stays what it is until there is another verdict.
  /// @errors not_found, not_verifiable (it has no package), read_only
  [[nodiscard]] Result<catalog::VerificationStatus> verify_again(const LearnwareId& id);
  [[nodiscard]] Result<catalog::JobCounts> verification_counts() const;
  /// The canonical zip on disk. @errors not_found (no such learnware, or a record without a package)
  [[nodiscard]] Result<std::filesystem::path> package_path(const LearnwareId& id) const;
  /// The model's entry point, from the package's learnware.yaml. @errors as package_path
  [[nodiscard]] Result<package::ModelEntry> model_entry(const LearnwareId& id) const;
  /// Deletes a learnware. It is kept for some days and can be brought back, but when there is little room it
  /// is removed for good at once. On a full disk the deletion uses the dock's reserve.
  /// @param kept_until_unix_ms  set when the learnware is kept
  /// @errors not_found
  [[nodiscard]] Result<catalog::LearnwareRecord> remove(
      const LearnwareId& id, std::optional<std::int64_t>* kept_until_unix_ms = nullptr);
  /// The deleted learnwares that are still kept, the oldest deletion first.
  [[nodiscard]] std::vector<DeletedLearnware> deleted() const;
  /// Brings the newest deletion of this id back.
  /// @errors not_found, conflict (the id is taken), package_duplicate (its files are in the dock again),
  ///         corrupt (its package is damaged), no_space
  [[nodiscard]] Result<catalog::LearnwareRecord> undelete(const LearnwareId& id);

  /// Checks whether a package of this length would be taken now, before any of it is received.
  /// @errors no_space (the disk or the dock is full; the message has the facts)
  [[nodiscard]] Result<void> room_for(std::uint64_t bytes) const;
  /// Reserves space for the bytes of one upload while they are staged; the dock must outlive the result.
  [[nodiscard]] SpaceHold hold_space() const;
  [[nodiscard]] DiskStatus disk() const;
  /// Writes the unindexed learnwares of each space that has enough of them to a new part, and merges small
  /// parts. Searches go on meanwhile and see the same learnwares.
  /// @return how many parts were made @errors io, no_space, corrupt, internal
  [[nodiscard]] Result<std::size_t> tend_index();
  [[nodiscard]] DockStatus status() const;
  [[nodiscard]] const DockLimits& limits() const;
  /// A folder on the dock's own disk for uploads in progress; emptied on open.
  [[nodiscard]] const std::filesystem::path& staging_directory() const;

 private:
  struct State;
  explicit Dock(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace learndock::dock
