#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/dock/dock.hpp"

#include "base/mutex.hpp"
#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"
#include "dock/index/entry_loader.hpp"
#include "dock/truth/deleted.hpp"
#include "dock/truth/directory_lock.hpp"
#include "dock/truth/disk_space.hpp"
#include "learnwares/snapshot.hpp"
#include "store/index_store.hpp"

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::dock {

using NewEntries = std::vector<learnwares::EntryFields>;

/// Computes the self terms <L, L> that entries lack. The cost grows with the square of the points, so call it
/// before the writer's lock is taken.
[[nodiscard]] Result<void> compute_self_terms(std::span<learnwares::EntryFields> entries,
                                              const compute::Backend& backend);

class IndexKeeper;

struct Dock::State {
  State();
  ~State();

  // Whoever takes several of these takes them in this order. `asking` is taken alone.
  Mutex tending LEARNDOCK_BEFORE(storing);  // one change of the stored index at a time
  Mutex storing LEARNDOCK_BEFORE(writer);   // one writer of the learnware cache at a time
  Mutex writer LEARNDOCK_BEFORE(finding);   // one change at a time: catalogue, then index, then snapshot
  Mutex finding;                            // what was found damaged

  DockOptions options;
  std::filesystem::path directory;
  std::filesystem::path staging;
  DockLimits limits;
  DirectoryLock lock;
  std::shared_ptr<const compute::Backend> backend;
  Mutex asking;
  std::map<std::string, std::shared_ptr<const compute::Backend>> asked
      LEARNDOCK_GUARDED_BY(asking);  // other backends that searches asked for
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<blobs::BlobStore> blobs;
  std::unique_ptr<DiskSpace> space;
  std::unique_ptr<DeletedLearnwares> deleted;
  std::unique_ptr<store::IndexStore> store;
  specification::SpaceKernels kernels;  // current; only a re-index of a closed dock changes them
  learnwares::TraitsPool traits;
  // The last catalogue number in the learnware cache when it was last written.
  LearnwareNumber stored_to LEARNDOCK_GUARDED_BY(storing);
  learnwares::SnapshotHolder snapshots;
  std::map<LearnwareNumber, DamagedRecord> damaged LEARNDOCK_GUARDED_BY(finding);
  std::uint64_t orphans LEARNDOCK_GUARDED_BY(finding) = 0;
  bool mark_failed LEARNDOCK_GUARDED_BY(writer) = false;  // said once
  std::atomic<std::uint64_t> staged{0};
  std::atomic<bool> stopping{false};
  std::unique_ptr<IndexKeeper> keeper;  // last: its thread uses all the rest

  /// Starts to watch the disk. On a full disk the reserve makes the room that an opening takes.
  void watch_disk();
  /// @param stored  the version of the stored index to use
  [[nodiscard]] Result<void> load(const store::IndexVersion& stored) LEARNDOCK_EXCLUDES(storing, writer);
  /// @errors read_only
  [[nodiscard]] Result<void> writable() const;
  /// Writes the mark.
  void keep_mark() LEARNDOCK_REQUIRES(writer);
  [[nodiscard]] unsigned used_threads() const;
  /// The dock's own backend, or another one, which stays open: opening a device takes longer than a search.
  /// @errors as open_backend
  [[nodiscard]] Result<std::shared_ptr<const compute::Backend>> backend_named(const std::string& name);
  /// Rewrites the learnware cache after many inserts, so that the next opening need not decode them, and maps
  /// it here as well. Searches and inserts go on meanwhile.
  void store_entries() LEARNDOCK_EXCLUDES(storing, writer);

  /// Makes a snapshot visible to searches: the entries of `next`, which its semantic index knows, and after
  /// them the new ones.
  void publish(learnwares::Snapshot next, std::span<const std::shared_ptr<const learnwares::Entry>> added)
      LEARNDOCK_REQUIRES(writer);

  /// Takes the learnware of this catalogue number out of searches. The caller has removed it from the
  /// catalogue.
  void withdraw(LearnwareNumber sequence) LEARNDOCK_REQUIRES(writer);

  /// Stores records with their entries. All that can fail comes before the catalogue's transaction, so every
  /// stored record is searchable.
  [[nodiscard]] Result<std::vector<catalog::LearnwareRecord>> insert(
      std::span<const catalog::LearnwareRecord> records, NewEntries entries) LEARNDOCK_REQUIRES(writer);

  /// Stops using damaged parts of the stored index. Their learnwares are read from the catalogue.
  /// @return whether the parts in use now differ from `seen` @cost reads all stored parts
  bool drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen);
  /// Reads all entries again when the learnware cache is lost while it is mapped.
  /// @return whether it was lost @cost an opening of the dock
  bool replace_lost_entries() LEARNDOCK_EXCLUDES(storing, writer);
  /// Does both. @return whether searches now see something else than `seen`
  bool give_up_lost(const learnwares::Snapshot& seen);

  /// Logs records that were found damaged and remembers them.
  void note_damage(const std::vector<DamagedRecord>& found);

  /// Counts the orphans and logs them. They come from uploads cut off between the package and its row, or
  /// from a catalogue that has lost records.
  [[nodiscard]] Result<void> count_orphans();
  /// Logs that the folder of the stored index is missing, unless the dock is empty.
  [[nodiscard]] Result<void> say_unindexed() const;

  /// Removes the oldest kept deletions until so many bytes fit, or none of them when all would not be enough.
  void give_up_deleted(std::uint64_t bytes) LEARNDOCK_REQUIRES(writer);
  /// The same for the bytes that the rows of these records take.
  void give_up_deleted(std::span<const catalog::LearnwareRecord> records) LEARNDOCK_REQUIRES(writer);

  /// Removes deleted learnwares whose time is over, and sets the reserve aside again where there is room.
  void tidy();
};

}  // namespace learndock::dock
