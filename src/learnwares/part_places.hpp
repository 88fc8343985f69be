#pragma once

#include "learnwares/semantic_index.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace learndock::learnwares {

/// Where the learnwares of a stored part stand among the items of a semantic index. Both ascend by the
/// catalogue's number, so that two sets of bits tell it, and what a filter selects becomes the part's own
/// bits word by word, without a look at any learnware.
///
/// Stays right while the index grows and loses items; an index made anew numbers its items anew.
/// @threads const members may run concurrently
class PartPlaces {
 public:
  /// @param keys  of the part's items, ascending; those the index does not know stand nowhere
  /// @param sequences  the catalogue's numbers of all that is left in the index, by position
  /// @cost the number of keys; what of `sequences` lies between two keys is passed by in jumps
  PartPlaces(std::span<const std::uint64_t> keys, std::span<const std::uint64_t> sequences,
             const SemanticIndex& index);

  /// The part's items whose places are set in `selected` (item i of the index is bit i % 64 of word i / 64),
  /// as [ceil(keys / 64)] words.
  /// @cost the words of `selected` that hold a place: about one nanosecond each where the part holds all
  /// items of a word, up to some seventy where it holds every other one
  [[nodiscard]] std::vector<std::uint64_t> of_part(std::span<const std::uint64_t> selected) const;
  /// Clears the part's places.
  void leave_out(std::span<std::uint64_t> selected) const;
  /// Memory taken: at most twelve bytes for each item, a fifth of a byte where they follow each other.
  [[nodiscard]] std::size_t bytes() const;

 private:
  std::size_t count_ = 0;  // of the part
  // The words of the index's items that hold a place, ascending, and the places in them.
  std::vector<std::uint32_t> at_;
  std::vector<std::uint64_t> places_;
  std::vector<std::uint64_t> known_;  // bits of the part's items that the index knows; empty: all
};

}  // namespace learndock::learnwares
