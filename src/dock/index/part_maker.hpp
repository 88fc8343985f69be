#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/backend.hpp"

#include "dock/truth/truth.hpp"
#include "dock/view/view.hpp"
#include "engine/part/part_builder.hpp"
#include "learnwares/dock_parts.hpp"
#include "learnwares/snapshot.hpp"
#include "specification/space_id.hpp"
#include "store/index_store.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace learndock::dock {

using EntryList = std::vector<std::shared_ptr<const learnwares::Entry>>;
using LiveParts = std::vector<std::shared_ptr<const learnwares::LivePart>>;

/// The unindexed learnwares by space, for the spaces that have enough of them for a part.
[[nodiscard]] std::map<specification::SpaceId, EntryList> spaces_worth_a_part(
    const learnwares::Snapshot& snapshot, std::size_t enough);

/// The smaller half of the parts of each space that has many.
[[nodiscard]] std::map<specification::SpaceId, LiveParts> small_parts(const learnwares::Snapshot& snapshot);

/// Makes parts of the stored index from one snapshot, beside searches and inserts; only making a part current
/// waits for the writer lock.
class PartMaker {
 public:
  /// @param stopping  set when the dock is being closed, which gives up the part
  PartMaker(const Truth& truth, View& view, store::IndexStore& store,
            std::shared_ptr<const compute::Backend> backend, unsigned threads,
            const std::atomic<bool>& stopping);

  /// Writes learnwares of one space to a new part. @errors io, no_space, internal (it failed its check)
  [[nodiscard]] Result<void> write(const learnwares::Snapshot& snapshot, const specification::SpaceId& key,
                                   const EntryList& entries);
  /// Merges parts of one space, the largest last. @errors as above; corrupt (one of them is damaged)
  [[nodiscard]] Result<void> merge(const learnwares::Snapshot& snapshot, const LiveParts& old);

 private:
  [[nodiscard]] Result<void> make(const learnwares::Snapshot& snapshot, const specification::SpaceId& key,
                                  std::shared_ptr<const engine::FeatureSpace> space, const EntryList& entries,
                                  const LiveParts& replaced);
  [[nodiscard]] Result<void> add_entries(const learnwares::Snapshot& snapshot, engine::PartBuilder& part,
                                         const EntryList& entries) const;
  [[nodiscard]] Result<void> make_current(std::shared_ptr<const engine::StoredPart> added,
                                          const LiveParts& replaced) LEARNDOCK_EXCLUDES(truth_.writer());

  const Truth& truth_;
  View& view_;
  store::IndexStore& store_;
  std::shared_ptr<const compute::Backend> backend_;
  const unsigned threads_;
  const std::atomic<bool>& stopping_;
};

}  // namespace learndock::dock
