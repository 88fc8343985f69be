#pragma once

#include "learndock/base/ids.hpp"

#include "learnwares/semantic_index.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace learndock::learnwares {

/// Maps the bits of filters (see FilterBit) to bits of one stored part (indexed by the part's items). Both
/// ascend by the catalogue's number, so that the map is two bitmaps and is applied 64 bits at a time, without
/// a look at any learnware.
///
/// It remains right while the index grows and loses items. A rebuilt index gives other bits.
/// @threads const members may run concurrently
class FilterBitsOfPart {
 public:
  /// @param keys numbers of the part's items, ascending; items that the index does not know have no bit
  /// @param sequences the catalogue's numbers of all items left in the index, by position
  /// @cost the number of keys; `sequences` between two keys are skipped in jumps
  FilterBitsOfPart(std::span<const LearnwareNumber> keys, std::span<const LearnwareNumber> sequences,
                   const SemanticIndex& index);

  /// The part's items whose bits are set in `selected` (item i of the index is bit i % 64 of word i / 64),
  /// as [ceil(keys / 64)] words.
  /// @cost the words of `selected` with a bit of the part: about one nanosecond each if the part has all
  /// items of a word, up to some seventy if it has every other one
  [[nodiscard]] std::vector<std::uint64_t> bits_for_part(std::span<const std::uint64_t> selected) const;
  /// Clears the bits of the part's items.
  void clear_part(std::span<std::uint64_t> selected) const;
  /// The memory taken: at most twelve bytes for each item, a fifth of a byte if they follow each other.
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t count_ = 0;  // of the part
  // The words of the index's items that the part has, ascending, and their bits.
  std::vector<std::uint32_t> words_at_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint64_t> known_;  // bits of the part's items that the index knows; empty: all
};

}  // namespace learndock::learnwares
