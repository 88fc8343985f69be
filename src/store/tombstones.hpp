#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace learndock::store {

/// Which items of which segments are deleted: one bit for each item of a segment that has deletions, nothing
/// for one that has none. A value: whoever changes it works on a copy and commits that.
class Tombstones {
 public:
  Tombstones() = default;
  /// Nothing deleted from segments of so many items.
  explicit Tombstones(const std::vector<std::uint64_t>& items);

  /// False when it was deleted already. `segment` and `item` exist, or it is a bug.
  bool remove(std::size_t segment, std::uint64_t item);
  [[nodiscard]] bool removed(std::size_t segment, std::uint64_t item) const;
  /// Bit i % 64 of word i / 64 stands for item i; empty when nothing of the segment is deleted.
  [[nodiscard]] std::span<const std::uint64_t> words(std::size_t segment) const;
  [[nodiscard]] std::size_t segments() const { return bitmaps_.size(); }
  [[nodiscard]] std::uint64_t items(std::size_t segment) const { return bitmaps_[segment].items; }
  [[nodiscard]] std::uint64_t count(std::size_t segment) const { return bitmaps_[segment].count; }
  [[nodiscard]] std::uint64_t count() const;  ///< of all segments
  bool operator==(const Tombstones&) const = default;

 private:
  struct Bitmap {
    std::uint64_t items = 0;
    std::uint64_t count = 0;
    std::vector<std::uint64_t> words = {};
    bool operator==(const Bitmap&) const = default;
  };
  std::vector<Bitmap> bitmaps_;
};

}  // namespace learndock::store
