#pragma once

#include "learndock/dock/dock_file.hpp"

#include "base/mutex.hpp"
#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"
#include "dock/truth/damaged_record.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/deletions.hpp"
#include "dock/truth/directory_lock.hpp"
#include "dock/truth/disk_space.hpp"
#include "dock/truth/dock_folder.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace learndock::dock {

struct TruthOptions {
  bool read_only = false;
  DockLimits limits;
  SpaceLimits room;
  std::uint64_t keep_deleted_days = 0;
  DiskProbe disk_probe = {};  ///< unset: the disk of the dock's folder
  bool count_bytes = false;   ///< count the dock's bytes when it is opened, and not at the first upload
};

/// What an open dock must not lose: its folder and lock, the catalogue, the packages, the deleted learnwares
/// that are kept, and the mark. No other object of an open dock writes these. It knows neither searches nor
/// the stored index, which are made from it.
///
/// The order of locks in an open dock, each before those after it:
///   Statuses' mutex, Indexing's `tending` and `storing`, the truth's `writer`, the truth's `finding`.
/// Each mutex says what must come after it, and clang checks it.
/// @threads  safe to call concurrently; what changes a dock needs the writer lock
class Truth {
 public:
  Truth(std::filesystem::path directory, TruthOptions options);

  // Opening, in this order.
  /// Keeps other processes out of the folder. @errors conflict, read_only, io
  [[nodiscard]] Result<void> take_lock();
  /// Watches the disk, and checks that the catalogue is the dock's current one before anything is opened for
  /// writing: content that a catalogue with lost records still has stays as it is. On a full disk the reserve
  /// makes the room that an opening takes. @errors see check_catalogue_is_current
  [[nodiscard]] Result<void> prepare() LEARNDOCK_EXCLUDES(writer_);
  /// Opens catalogue and packages, and puts interrupted deletions right.
  /// @errors corrupt, io; unsupported (an older version's catalogue, when it is opened for reading)
  [[nodiscard]] Result<void> open() LEARNDOCK_EXCLUDES(writer_);

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] const DockFolder& folder() const { return folder_; }
  [[nodiscard]] const DockLimits& limits() const { return options_.limits; }
  [[nodiscard]] bool read_only() const { return options_.read_only; }
  /// @errors read_only
  [[nodiscard]] Result<void> writable() const;
  [[nodiscard]] const catalog::Catalog& catalog() const { return *catalog_; }
  /// @errors not_found, invalid_argument
  [[nodiscard]] Result<std::filesystem::path> package_path(const std::string& digest) const;

  /// A folder for files on their way in; emptied when the dock is opened for writing.
  [[nodiscard]] const std::filesystem::path& staging() const { return staging_; }
  /// A new name there.
  [[nodiscard]] std::filesystem::path staged_package();

  [[nodiscard]] DiskSpace& space() { return space_; }
  /// Whether a package of this length would be taken now. Deleted learnwares make room when its bytes arrive,
  /// and not for a length that is only announced. @errors no_space
  [[nodiscard]] Result<void> room_for(std::uint64_t bytes);
  [[nodiscard]] DiskStatus disk();

  /// Serialises changes of the dock: catalogue, then index, then snapshot.
  [[nodiscard]] Mutex& writer() const LEARNDOCK_RETURNS(writer_) { return writer_; }

  /// Stores records without packages. @return them with their numbers and ids @errors of Catalog::insert,
  /// no_space
  [[nodiscard]] Result<std::vector<catalog::LearnwareRecord>> insert(
      std::span<const catalog::LearnwareRecord> records) LEARNDOCK_REQUIRES(writer_);
  /// An id for a package that names it: one that was given back, or a new one of the catalogue. @errors
  /// no_space, io
  [[nodiscard]] Result<LearnwareId> take_id() LEARNDOCK_EXCLUDES(finding_);
  /// Gives back an id under which nothing was stored, so that refused packages leave no gaps.
  void give_back(LearnwareId id) LEARNDOCK_EXCLUDES(finding_);

  /// Makes the file a package of the dock, and then stores its record. On failure neither is there.
  /// @param hold  reserves its bytes; released @errors as above, package_duplicate
  [[nodiscard]] Result<catalog::LearnwareRecord> insert_package(catalog::LearnwareRecord record,
                                                                const std::filesystem::path& file,
                                                                SpaceHold& hold) LEARNDOCK_REQUIRES(writer_);
  [[nodiscard]] Deletions deletions() LEARNDOCK_REQUIRES(writer_);
  /// Gives up kept deletions for the bytes that the rows of these records take, where there is no other room.
  void make_room_for(std::span<const catalog::LearnwareRecord> records) LEARNDOCK_REQUIRES(writer_);
  /// Writes the mark. A failure is logged once. @param searchable  how many learnwares searches see
  void keep_mark(std::uint64_t searchable) LEARNDOCK_REQUIRES(writer_);
  /// Removes deleted learnwares whose time is over.
  void tidy() LEARNDOCK_EXCLUDES(writer_);

  /// Logs records that were found damaged and remembers them.
  void note_damage(const std::vector<DamagedRecord>& found) LEARNDOCK_EXCLUDES(finding_);
  /// Forgets one that is no longer in the catalogue.
  void forget_damage(LearnwareNumber sequence) LEARNDOCK_EXCLUDES(finding_);
  [[nodiscard]] std::uint64_t damaged() const LEARNDOCK_EXCLUDES(finding_);
  /// Packages that no record named when the dock was opened.
  [[nodiscard]] std::uint64_t orphans() const LEARNDOCK_EXCLUDES(finding_);

 private:
  [[nodiscard]] Result<void> open_to_write() LEARNDOCK_REQUIRES(writer_);
  [[nodiscard]] Result<void> open_to_read();
  /// Counts the orphans and logs them. They come from uploads cut off between the package and its row, or
  /// from a catalogue that has lost records.
  [[nodiscard]] Result<void> count_orphans();

  mutable Mutex writer_ LEARNDOCK_BEFORE(finding_);
  mutable Mutex finding_;

  const std::filesystem::path directory_;
  const DockFolder folder_;
  const std::filesystem::path staging_;
  const TruthOptions options_;
  DirectoryLock lock_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<blobs::BlobStore> blobs_;
  DiskSpace space_;
  DeletedLearnwares deleted_ LEARNDOCK_GUARDED_BY(writer_);
  bool mark_failed_ LEARNDOCK_GUARDED_BY(writer_) = false;  // said once
  std::map<LearnwareNumber, DamagedRecord> damaged_ LEARNDOCK_GUARDED_BY(finding_);
  std::set<LearnwareId> free_ids_ LEARNDOCK_GUARDED_BY(finding_);  // taken and given back
  std::uint64_t orphans_ LEARNDOCK_GUARDED_BY(finding_) = 0;
  std::atomic<std::uint64_t> staged_{0};
};

}  // namespace learndock::dock
