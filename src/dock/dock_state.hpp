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

/// Beside the catalogue, of which it says nothing new.
inline constexpr std::string_view kEntryFile = "entries/entries.lds";

/// The <L, L> that entries lack. Grows with the square of the points: before the writer's lock is taken.
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
  specification::SpaceKernels kernels;  // in force; only a reindex of a closed dock changes them
  learnwares::TraitsPool traits;
  std::mutex storing;           // one writer of the file of entries at a time
  std::uint64_t stored_to = 0;  // the last catalogue number in it when it was last written
  learnwares::SnapshotHolder snapshots;
  std::mutex finding;  // of the next two
  std::map<std::uint64_t, DamagedRecord> damaged;
  std::uint64_t orphans = 0;
  bool mark_failed = false;  // said once
  std::mutex writer;         // one change at a time: catalogue, then index
  std::atomic<std::uint64_t> staged{0};
  std::atomic<bool> stopping{false};
  std::mutex tending;                   // one change of the stored index at a time
  std::unique_ptr<IndexKeeper> keeper;  // last: its thread uses all the rest

  /// On a full disk the reserve makes the room that an opening takes.
  void watch_disk();
  /// @param stored  the version of the stored index to use
  [[nodiscard]] Result<void> load(const store::IndexVersion& stored);
  /// @errors read_only
  [[nodiscard]] Result<void> writable() const;
  /// Writes what the catalogue has come to beside it. The caller holds `writer`, or is the only one.
  void keep_mark();
  [[nodiscard]] unsigned used_threads() const;
  /// The dock's own, or another one, which stays open: opening a device takes longer than a search.
  /// @errors as open_backend
  [[nodiscard]] Result<std::shared_ptr<const compute::Backend>> backend_named(const std::string& name);
  /// After many inserts: the next opening need not decode them, and this one maps them as well. Searches and
  /// inserts go on meanwhile.
  void store_entries();

  /// The entries of `next`, which its semantic index knows, and then the new ones become what searches see.
  void publish(learnwares::Snapshot next, std::span<const std::shared_ptr<const learnwares::Entry>> added);

  /// Searches no longer see the learnware of this catalogue number. The caller holds `writer` and has removed
  /// it from the catalogue.
  void withdraw(std::uint64_t sequence);

  /// Stores records with their entries. All that can fail comes before the catalogue's transaction: what is
  /// stored is also searchable. The caller holds `writer`.
  [[nodiscard]] Result<std::vector<catalog::LearnwareRecord>> insert(
      std::span<const catalog::LearnwareRecord> records, NewEntries entries);

  /// Parts of the stored index that are damaged are no longer used; what they held is read from the
  /// catalogue.
  /// @return whether the parts in use are others than `seen` now @cost reads all stored parts
  bool drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen);
  /// The same for entries whose file is lost while it is mapped: all are read again.
  /// @return whether that was so @cost an opening of the dock
  bool replace_lost_entries();
  /// Both. @return whether searches now see something else than `seen`
  bool give_up_lost(const learnwares::Snapshot& seen);

  /// Logs records that were found damaged and keeps them in mind.
  void note_damage(const std::vector<DamagedRecord>& found);

  /// Counts packages that no record names, and says so: uploads cut off between the package and its row, or
  /// what a catalogue that has lost records leaves.
  [[nodiscard]] Result<void> count_orphans();
  /// Logs that the folder of the stored index is missing, when there is anything that it could hold.
  [[nodiscard]] Result<void> say_unindexed() const;

  /// The oldest deleted learnwares are no longer kept until so many bytes fit; none, if all would not be
  /// enough. The caller holds `writer`.
  void give_up_deleted(std::uint64_t bytes);
  /// The same for the rows of records.
  void give_up_deleted(std::span<const catalog::LearnwareRecord> records);

  /// Removes deleted learnwares whose time is over, and sets the reserve aside again where there is room.
  void tidy();
};

}  // namespace learndock::dock
