#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/dock/dock.hpp"

#include "blobs/blob_store.hpp"
#include "catalog/catalog.hpp"
#include "dock/deleted.hpp"
#include "dock/directory_lock.hpp"
#include "dock/disk_watch.hpp"
#include "dock/entry_loader.hpp"
#include "learnwares/snapshot.hpp"
#include "store/index_store.hpp"

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
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

  DockOptions options;
  std::filesystem::path directory;
  std::filesystem::path staging;
  DockLimits limits;
  DirectoryLock lock;
  std::shared_ptr<const compute::Backend> backend;
  std::mutex asking;
  std::map<std::string, std::shared_ptr<const compute::Backend>>
      asked;  // other backends that searches asked for
  std::unique_ptr<catalog::Catalog> catalog;
  std::unique_ptr<blobs::BlobStore> blobs;
  std::unique_ptr<DiskSpace> space;
  std::unique_ptr<DeletedLearnwares> deleted;
  std::unique_ptr<store::IndexStore> store;
  specification::SpaceKernels kernels;  // current; only a re-index of a closed dock changes them
  learnwares::TraitsPool traits;
  std::mutex storing;           // one writer of the learnware cache at a time
  std::uint64_t stored_to = 0;  // the last catalogue number in the cache when it was last written
  learnwares::SnapshotHolder snapshots;
  std::mutex finding;  // guards the next two
  std::map<std::uint64_t, DamagedRecord> damaged;
  std::uint64_t orphans = 0;
  bool mark_failed = false;  // said once
  std::mutex writer;         // one change at a time: catalogue, then index
  std::atomic<std::uint64_t> staged{0};
  std::atomic<bool> stopping{false};
  std::mutex tending;                   // one change of the stored index at a time
  std::unique_ptr<IndexKeeper> keeper;  // last: its thread uses all the rest

  /// Starts to watch the disk. On a full disk the reserve makes the room that an opening takes.
  void watch_disk();
  /// @param stored  the version of the stored index to use
  [[nodiscard]] Result<void> load(const store::IndexVersion& stored);
  /// @errors read_only
  [[nodiscard]] Result<void> writable() const;
  /// Writes the mark. The caller holds `writer`, or is the only user.
  void keep_mark();
  [[nodiscard]] unsigned used_threads() const;
  /// The dock's own backend, or another one, which stays open: opening a device takes longer than a search.
  /// @errors as open_backend
  [[nodiscard]] Result<std::shared_ptr<const compute::Backend>> backend_named(const std::string& name);
  /// Rewrites the learnware cache after many inserts, so that the next opening need not decode them, and maps
  /// it here as well. Searches and inserts go on meanwhile.
  void store_entries();

  /// Makes a snapshot visible to searches: the entries of `next`, which its semantic index knows, and after
  /// them the new ones.
  void publish(learnwares::Snapshot next, std::span<const std::shared_ptr<const learnwares::Entry>> added);

  /// Takes the learnware of this catalogue number out of searches. The caller holds `writer` and has removed
  /// it from the catalogue.
  void withdraw(std::uint64_t sequence);

  /// Stores records with their entries. All that can fail comes before the catalogue's transaction, so every
  /// stored record is searchable. The caller holds `writer`.
  [[nodiscard]] Result<std::vector<catalog::LearnwareRecord>> insert(
      std::span<const catalog::LearnwareRecord> records, NewEntries entries);

  /// Stops using damaged parts of the stored index. Their learnwares are read from the catalogue.
  /// @return whether the parts in use now differ from `seen` @cost reads all stored parts
  bool drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen);
  /// Reads all entries again when the learnware cache is lost while it is mapped.
  /// @return whether it was lost @cost an opening of the dock
  bool replace_lost_entries();
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
  /// The caller holds `writer`.
  void give_up_deleted(std::uint64_t bytes);
  /// The same for the bytes that the rows of these records take.
  void give_up_deleted(std::span<const catalog::LearnwareRecord> records);

  /// Removes deleted learnwares whose time is over, and sets the reserve aside again where there is room.
  void tidy();
};

}  // namespace learndock::dock
