#pragma once

#include "learndock/base/result.hpp"

#include "engine/prefilter/part_item.hpp"
#include "engine/prefilter/prefilter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace learndock::engine {

class PackedSetsCache;

/// An immutable part of one space's learnwares: a segment on disk or the latest inserts in memory.
/// @threads  safe
class SearchPart {
 public:
  SearchPart();
  virtual ~SearchPart();
  SearchPart(const SearchPart&) = delete;
  SearchPart& operator=(const SearchPart&) = delete;
  /// The dimension of all its items' points.
  [[nodiscard]] virtual std::size_t dimension() const = 0;
  [[nodiscard]] virtual const compute::Kernel& kernel() const = 0;
  /// The part's feature space; null: the part has no embeddings, and every allowed item is evaluated.
  [[nodiscard]] virtual const FeatureSpace* space() const = 0;
  /// The part's prefilter. @pre the part has a space
  [[nodiscard]] virtual const Prefilter& prefilter() const = 0;
  /// A prefilter of the same items with `alignment_norm()` in place of every squared norm: its ascending
  /// bounds are descending upper bounds of inner products. It is made at the first call.
  /// @errors device_memory
  [[nodiscard]] virtual Result<const Prefilter*> alignment_prefilter() const = 0;
  [[nodiscard]] virtual double alignment_norm() const = 0;
  /// The largest residual of its items' embeddings.
  [[nodiscard]] virtual double largest_residual() const = 0;
  [[nodiscard]] virtual std::size_t count() const = 0;
  /// The reduced set of an item. It may use `memory`, which must live as long as the view is used.
  /// @errors corrupt (the part is stored and damaged)
  [[nodiscard]] virtual Result<compute::ReducedSetView> set(PartItem item,
                                                            std::vector<double>& memory) const = 0;
  /// ||mu||^2 by direct difference.
  [[nodiscard]] virtual double self(PartItem item) const = 0;
  /// The item's id. It breaks ties between equal distances.
  [[nodiscard]] virtual std::string_view id(PartItem item) const = 0;
  /// The largest sum of absolute weights of its items.
  [[nodiscard]] virtual double largest_mass() const = 0;
  /// Its packed reduced sets, kept from one search to the next.
  [[nodiscard]] PackedSetsCache& packed_sets() const { return *packed_sets_; }

 private:
  std::unique_ptr<PackedSetsCache> packed_sets_;
};

/// A part and which of its items may be answered: filters and deletions as one bitmap.
struct FilteredPart {
  std::shared_ptr<const SearchPart> part;
  const std::uint64_t* allowed = nullptr;  ///< null: all; [ceil(count / 64)]
  std::size_t allowed_count = 0;           ///< bits set; ignored when `allowed` is null

  [[nodiscard]] bool allows(PartItem item) const {
    return allowed == nullptr || (allowed[item.index() / 64] >> (item.index() % 64) & 1U) != 0;
  }
  /// Items that may be answered.
  [[nodiscard]] std::size_t count() const { return allowed == nullptr ? part->count() : allowed_count; }
};

}  // namespace learndock::engine
