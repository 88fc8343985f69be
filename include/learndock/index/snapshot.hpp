#pragma once

#include "learndock/base/ids.hpp"
#include "learndock/index/dock_parts.hpp"
#include "learndock/index/semantic_index.hpp"
#include "learndock/index/space_kernels.hpp"
#include "learndock/spec/semantic.hpp"
#include "learndock/spec/statistical.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::index {

/// One learnware as the search engine holds it. Immutable once in a snapshot.
struct Entry {
  std::uint64_t sequence = 0;  ///< insertion order
  LearnwareId id;
  std::string name;
  std::string folded_name;  ///< name and description as text search compares them (see fold_case)
  std::string folded_description;
  std::array<std::vector<std::string>, spec::kSemanticKeys> values;
  /// With the gamma in force (Snapshot::kernels), under which the learnware is compared.
  std::optional<spec::RkmeSpecification> specification;
  std::optional<double> own_gamma;  ///< the one it was stored with, where another is in force
  double self_inner = 0;            ///< <L, L> by the dock's backend; computed once when the learnware enters
  /// <L, L> by the dock's backend under `own_gamma`, NaN until a search first needs it; racing searches store
  /// the same value. Without an `own_gamma` it is not used.
  mutable std::atomic<double> own_self = std::numeric_limits<double>::quiet_NaN();
  /// <L, L> by cpu_reference under the learnware's own gamma; in the same way.
  mutable std::atomic<double> reference_self = std::numeric_limits<double>::quiet_NaN();
  /// <L, L> by direct difference, as stored parts hold it; in the same way.
  mutable std::atomic<double> direct_self = std::numeric_limits<double>::quiet_NaN();

  /// The gamma that the learnware was stored with. Only with a specification.
  [[nodiscard]] double stored_gamma() const { return own_gamma.value_or(specification->gamma); }
};

/// All learnwares of a dock at one moment, by insertion order. Readers keep theirs for as long as they like.
struct Snapshot {
  std::uint64_t version = 0;
  std::vector<std::shared_ptr<const Entry>> entries;
  std::shared_ptr<const SemanticIndex> semantic;  ///< of exactly these entries; null: not made yet
  std::string backend;                    ///< the one that computed self_inner; "" = none can be relied on
  std::uint64_t specification_bytes = 0;  ///< points and weights of all entries
  SpaceKernels kernels;                   ///< that absolute scores compare under; entries have them already

  /// The stored index; null: none, and searches compare every entry.
  std::shared_ptr<const DockParts> parts;
  // With stored parts only:
  std::vector<std::shared_ptr<const Entry>> plain;  ///< with a specification that no part holds
  std::map<SpaceKey, std::size_t> spaces;           ///< learnwares of each, of all entries
  std::size_t without_specification = 0;

  /// The entry of a catalogue number. @cost logarithmic
  [[nodiscard]] const Entry* entry_of(std::uint64_t sequence) const;
};

/// Places all parts of a snapshot that have no place yet, or all when its semantic index was made anew.
/// @cost nothing when there are none; else all entries, and the learnwares of these parts
void place_parts(Snapshot& snapshot, bool anew);

/// Counts and `plain` of a snapshot anew, from its entries and parts. @cost all entries
void count_spaces(Snapshot& snapshot);
/// The same for one entry that comes (+1) or goes (-1).
void count_entry(Snapshot& snapshot, const std::shared_ptr<const Entry>& entry, int change);

/// Holds the current snapshot. @threads safe; `replace` calls must not overlap
class SnapshotHolder {
 public:
  [[nodiscard]] std::shared_ptr<const Snapshot> current() const;
  void replace(std::shared_ptr<const Snapshot> next);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_ = std::make_shared<Snapshot>();
};

/// Lower case for text search, as Python's str.lower gives it.
[[nodiscard]] std::string fold_case(std::string_view utf8);

}  // namespace learndock::index
