#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "base/mutex.hpp"
#include "dock/index/entry_loader.hpp"
#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"
#include "store/index_store.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace learndock::dock {

struct IndexingOptions {
  std::size_t index_from = 0;    ///< unindexed learnwares of one space that are worth a part
  std::size_t entries_from = 0;  ///< entries that the learnware cache has to lack before it is rewritten
  unsigned threads = 1;
};

/// Background indexing: makes the stored index and the learnware cache of an open dock from its truth, and
/// puts both under its view. What it writes can be made again from the catalogue.
/// @threads  safe to call concurrently; locks are taken in the order that truth.hpp lists
class Indexing {
 public:
  /// Truth and view outlive it.
  Indexing(Truth& truth, View& view, std::shared_ptr<const compute::Backend> backend,
           const IndexingOptions& options);

  /// Opens the stored index and the learnware cache, decodes the other records, and publishes the first
  /// snapshot. Files that are damaged or of another catalogue are not used, which is logged.
  /// @errors of the catalogue, unsupported, io
  [[nodiscard]] Result<void> open() LEARNDOCK_EXCLUDES(storing_, truth_.writer());

  /// Takes one step towards a stored index that has (nearly) all learnwares: writes the unindexed learnwares
  /// of one space to a new part, or merges many small parts of one space. When there is no such step, it
  /// rewrites the learnware cache if that pays. It reads from snapshots, beside searches and inserts; only
  /// making the result current waits for writers.
  /// @return whether there was something to do
  /// @errors io, no_space, corrupt (a part is damaged), internal (the new part failed its check)
  [[nodiscard]] Result<bool> tend() LEARNDOCK_EXCLUDES(tending_, storing_, truth_.writer());

  /// Rewrites the learnware cache after many inserts, so that the next opening need not decode them, and maps
  /// it here as well. Searches and inserts go on meanwhile.
  void store_entries() LEARNDOCK_EXCLUDES(storing_, truth_.writer());

  /// Gives up files that were lost while they are mapped: damaged parts, whose learnwares are then read from
  /// the catalogue, and the learnware cache, whose entries are read again.
  /// @return whether searches now see something else than `seen` @cost reads all stored parts
  bool give_up_lost(const learnwares::Snapshot& seen) LEARNDOCK_EXCLUDES(storing_, truth_.writer());

  /// Says that the dock is being closed: a step that is being taken fails soon.
  void stop() { stopping_ = true; }

 private:
  [[nodiscard]] Result<void> load(const store::IndexVersion& stored)
      LEARNDOCK_EXCLUDES(storing_, truth_.writer());
  /// Logs that the folder of the stored index is missing, unless the dock is empty.
  [[nodiscard]] Result<void> say_unindexed() const;
  /// Shows searches the further specifications of these learnwares, which ascend.
  [[nodiscard]] Result<void> load_further(std::span<const std::shared_ptr<const learnwares::Entry>> entries,
                                          learnwares::Snapshot& snapshot);
  [[nodiscard]] LoadOptions loading(const specification::SpaceKernels& kernels, HeldByPart held) const;
  /// Shows the entries of the mapped cache in place of decoded ones.
  void map_cache(const std::shared_ptr<const learnwares::EntryFile>& file)
      LEARNDOCK_EXCLUDES(truth_.writer());
  /// @return whether the parts in use now differ from `seen`
  bool drop_damaged_parts(const std::shared_ptr<const learnwares::DockParts>& seen)
      LEARNDOCK_EXCLUDES(truth_.writer());
  /// @return whether the cache was lost @cost then an opening of the dock
  bool replace_lost_entries() LEARNDOCK_EXCLUDES(storing_, truth_.writer());

  Truth& truth_;
  View& view_;
  const std::shared_ptr<const compute::Backend> backend_;
  const IndexingOptions options_;
  std::unique_ptr<store::IndexStore> store_;  // null: the dock is open for reading only

  Mutex tending_ LEARNDOCK_BEFORE(storing_);         // one change of the stored index at a time
  Mutex storing_ LEARNDOCK_BEFORE(truth_.writer());  // one writer of the learnware cache at a time
  // The last catalogue number in the learnware cache when it was last written.
  LearnwareNumber stored_to_ LEARNDOCK_GUARDED_BY(storing_);
  std::atomic<bool> stopping_{false};
};

}  // namespace learndock::dock
