#pragma once

#include "learndock/base/result.hpp"

#include "learnwares/dock_parts.hpp"
#include "learnwares/entry.hpp"
#include "learnwares/semantic_index.hpp"
#include "learnwares/tried_items.hpp"
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

/// All learnwares of a dock at one moment, by insertion order. A reader may keep its snapshot as long as it
/// likes.
struct Snapshot {
  std::uint64_t version = 0;
  std::vector<std::shared_ptr<const Entry>> entries;
  std::shared_ptr<const SemanticIndex> semantic;  ///< contains exactly these entries; null: not made yet
  std::shared_ptr<const TriedItems> tried;        ///< null: not looked up yet
  std::string backend;  ///< the backend that computed the SelfTerms; "": none of them can be relied on
  std::uint64_t specification_bytes = 0;  ///< points and weights of all entries, as doubles
  specification::SpaceKernels kernels;    ///< kernels of absolute scores; entries have them already

  /// Further specifications of learnwares, of other kinds or shapes than the one that `entries` has: for each
  /// an entry with the learnware's number and texts, by number. They are in memory and in no part, and
  /// searches take them in place of the learnware's own entry (see query::compared_by).
  std::vector<std::shared_ptr<const Entry>> further;

  /// The files that entries point into; each lives as long as some entry points into it.
  std::vector<std::weak_ptr<const EntryFile>> entry_files;

  /// The stored index; null: none, and searches compare every entry.
  std::shared_ptr<const DockParts> parts;
  // With stored parts only:
  std::vector<std::shared_ptr<const Entry>> unindexed;   ///< with a specification in memory: in no part
  std::map<specification::SpaceId, std::size_t> spaces;  ///< number of learnwares in each space
  std::size_t without_specification = 0;

  /// Checks that all files of entries and parts still contain what was checked. Call it after reading them
  /// and before using the result (see MappedMemory). @errors corrupt (names the first file that is lost)
  [[nodiscard]] Result<void> intact() const;
  [[nodiscard]] Result<void> entries_intact() const;

  /// The entry with a catalogue number. @cost logarithmic
  [[nodiscard]] const Entry* entry_of(LearnwareNumber sequence) const;
  /// The reduced set of an entry with a specification, from memory or from its part, under the gamma in use.
  /// It may use `memory`, which must live as long as the view is used.
  /// @errors corrupt (the part is damaged), internal (the set is nowhere) @cost logarithmic for a set in a
  /// part
  [[nodiscard]] Result<compute::ReducedSetView> set_of(const Entry& entry, std::vector<double>& memory) const;
};

/// Some learnwares of a snapshot, which outlives the selection.
using Selection = std::vector<const Entry*>;

/// Finds the filter bits of all parts of a snapshot that have none yet, or of all parts if the semantic index
/// was rebuilt (`all`).
/// @cost nothing when there are none; else all entries, and the learnwares of these parts
void find_filter_bits(Snapshot& snapshot, bool all);

/// Computes counts and `unindexed` of a snapshot from its entries and parts. @cost all entries
void count_spaces(Snapshot& snapshot);
/// Updates them for entries that were added. @cost these entries
void count_added(Snapshot& snapshot, std::span<const std::shared_ptr<const Entry>> added);
/// Updates them for an entry that was removed.
void count_removed(Snapshot& snapshot, const Entry& entry);

/// Keeps the current snapshot. @threads safe; `replace` calls must not overlap
class SnapshotHolder {
 public:
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const;
  void replace(std::shared_ptr<const Snapshot> next);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_ = std::make_shared<Snapshot>();
};

}  // namespace learndock::learnwares
