#include "store/tombstones.hpp"

#include <cassert>

namespace learndock::store {
namespace {

constexpr std::uint64_t kBitsOfWord = 64;

}  // namespace

Tombstones::Tombstones(const std::vector<std::uint64_t>& items) {
  bitmaps_.reserve(items.size());
  for (const std::uint64_t count : items) bitmaps_.push_back({count});
}

bool Tombstones::remove(std::size_t segment, std::uint64_t item) {
  assert(segment < bitmaps_.size() && item < bitmaps_[segment].items);
  Bitmap& bitmap = bitmaps_[segment];
  if (bitmap.words.empty()) bitmap.words.resize((bitmap.items + kBitsOfWord - 1) / kBitsOfWord);
  std::uint64_t& word = bitmap.words[item / kBitsOfWord];
  const std::uint64_t bit = std::uint64_t{1} << item % kBitsOfWord;
  if ((word & bit) != 0) return false;
  word |= bit;
  ++bitmap.count;
  return true;
}

bool Tombstones::removed(std::size_t segment, std::uint64_t item) const {
  assert(segment < bitmaps_.size() && item < bitmaps_[segment].items);
  const Bitmap& bitmap = bitmaps_[segment];
  return !bitmap.words.empty() && (bitmap.words[item / kBitsOfWord] >> item % kBitsOfWord & 1) != 0;
}

std::span<const std::uint64_t> Tombstones::words(std::size_t segment) const {
  assert(segment < bitmaps_.size());
  return bitmaps_[segment].words;
}

std::uint64_t Tombstones::count() const {
  std::uint64_t sum = 0;
  for (const Bitmap& bitmap : bitmaps_) sum += bitmap.count;
  return sum;
}

}  // namespace learndock::store
