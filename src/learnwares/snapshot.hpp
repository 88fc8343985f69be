#pragma once

#include "learndock/base/result.hpp"

#include "learnwares/dock_parts.hpp"
#include "learnwares/entry.hpp"
#include "learnwares/semantic_index.hpp"
#include "specification/space_kernels.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::learnwares {

class EntryFile;

/// All learnwares of a dock at one moment, by insertion order. Readers keep theirs for as long as they like.
struct Snapshot {
  std::uint64_t version = 0;
  std::vector<std::shared_ptr<const Entry>> entries;
  std::shared_ptr<const SemanticIndex> semantic;  ///< of exactly these entries; null: not made yet
  std::string backend;                            ///< the one of SelfTerms; "" = none can be relied on
  std::uint64_t specification_bytes = 0;          ///< points and weights of all entries, as doubles
  specification::SpaceKernels kernels;  ///< that absolute scores compare under; entries have them already

  /// The files that entries point into, as long as some entry does.
  std::vector<std::weak_ptr<const EntryFile>> entry_files;

  /// The stored index; null: none, and searches compare every entry.
  std::shared_ptr<const DockParts> parts;
  // With stored parts only:
  std::vector<std::shared_ptr<const Entry>> plain;  ///< with a specification in memory: no part holds it
  std::map<specification::SpaceKey, std::size_t> spaces;  ///< learnwares of each, of all entries
  std::size_t without_specification = 0;

  /// Whether all files that entries and parts lie in still hold what was checked: asked after they were read
  /// and before the result is used, see MappedMemory. @errors corrupt (names the first file that is lost)
  [[nodiscard]] Result<void> intact() const;
  [[nodiscard]] Result<void> entries_intact() const;

  /// The entry of a catalogue number. @cost logarithmic
  [[nodiscard]] const Entry* entry_of(std::uint64_t sequence) const;
  /// The reduced set of an entry with a specification, in memory or of the part that holds it, under the
  /// gamma in force. May use `memory`, which lives as long as the view is used.
  /// @errors corrupt (the part is damaged), internal (nobody has it) @cost a part's: logarithmic
  [[nodiscard]] Result<compute::ReducedSetView> set_of(const Entry& entry, std::vector<double>& memory) const;
};

/// Some learnwares of a snapshot, which outlives the selection.
using Selection = std::vector<const Entry*>;

/// Places all parts of a snapshot that have no place yet, or all when its semantic index was made anew.
/// @cost nothing when there are none; else all entries, and the learnwares of these parts
void place_parts(Snapshot& snapshot, bool anew);

/// Counts and `plain` of a snapshot anew, from its entries and parts. @cost all entries
void count_spaces(Snapshot& snapshot);
/// The same for entries that come. @cost these entries
void count_added(Snapshot& snapshot, std::span<const std::shared_ptr<const Entry>> added);
/// The same for one that goes.
void count_removed(Snapshot& snapshot, const Entry& entry);

/// Holds the current snapshot. @threads safe; `replace` calls must not overlap
class SnapshotHolder {
 public:
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const;
  void replace(std::shared_ptr<const Snapshot> next);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_ = std::make_shared<Snapshot>();
};

}  // namespace learndock::learnwares
