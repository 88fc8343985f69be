#pragma once

#include "learndock/specification/semantic.hpp"

#include "learnwares/bitmap.hpp"
#include "specification/space_id.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace learndock::learnwares {

class Entry;
struct Traits;

/// The place of a learnware in `Snapshot::entries`.
using SnapshotPosition = StrongNumber<struct SnapshotPositionKind, std::uint32_t>;

/// A bitmap of learnwares for each semantic value, each space and each language, and all ids in one text.
/// Immutable and cheap to copy: an extended or reduced index shares everything that did not change.
///
/// Items get their bits in the order of insertion and keep them when others are removed. The position of an
/// item is its place among the items that are left, which is its place in `Snapshot::entries`.
/// @threads safe to call concurrently
class SemanticIndex {
 public:
  [[nodiscard]] static SemanticIndex of(std::span<const std::shared_ptr<const Entry>> entries);
  /// The index with these entries after all others. @cost the size of the bitmaps that change, and of the
  /// last ids
  [[nodiscard]] SemanticIndex extended(std::span<const std::shared_ptr<const Entry>> added) const;
  /// The index without the item at this position. @cost the number of removed items
  [[nodiscard]] SemanticIndex without(SnapshotPosition position) const;

  /// The items that pass a requirement: they have one of the wanted values for each key that has some, and an
  /// id that contains the wanted part. Name and description are not looked at.
  [[nodiscard]] Bitmap select(const specification::SemanticSpecification& wanted) const;
  /// The positions of selected items, ascending; at most the first `limit`.
  [[nodiscard]] std::vector<SnapshotPosition> positions(const Bitmap& selected,
                                                        std::size_t limit = SIZE_MAX) const;

  /// The items at these positions, which ascend: the inverse of `positions`.
  [[nodiscard]] std::vector<FilterBit> items_at(std::span<const SnapshotPosition> positions) const;

  /// The items of each space, removed ones too; items without a specification are in none.
  using Spaces = std::map<specification::SpaceId, std::shared_ptr<const Bitmap>>;
  [[nodiscard]] const Spaces& spaces() const { return spaces_; }
  /// The items of `selected` whose specification is in all of these languages.
  [[nodiscard]] Bitmap with_languages(Bitmap selected, std::span<const std::string> languages) const;

  /// The number of items ever added, which is the bit of the next one.
  [[nodiscard]] std::size_t items() const { return items_; }
  /// The number of items left.
  [[nodiscard]] std::size_t size() const { return items_ - removed_; }
  [[nodiscard]] const Bitmap& removed() const { return *removed_items_; }
  /// Whether so many items were removed that a rebuild pays.
  [[nodiscard]] bool sparse() const { return removed_ > 1024 && removed_ > items_ / 4; }
  /// The memory that bitmaps and ids take.
  [[nodiscard]] std::size_t bytes() const;

 private:
  /// The ids of up to kIdsTogether items, each followed by a character that is in no id.
  struct Ids {
    std::string text;
    std::vector<std::uint32_t> ends;  ///< place of each id's separator
  };
  static constexpr std::size_t kIdsTogether = 1 << 16;
  static constexpr std::size_t kValueBits = std::numeric_limits<specification::SemanticBits>::digits;

  /// For some entries, the items of each traits object.
  using Carriers = std::unordered_map<const Traits*, std::vector<FilterBit>>;
  static Carriers carriers_of(std::span<const std::shared_ptr<const Entry>> added, FilterBit first);
  void add_values(std::span<const std::shared_ptr<const Entry>> added);
  void add_spaces(std::span<const std::shared_ptr<const Entry>> added, const Carriers& carriers);
  void add_languages(const Carriers& carriers);
  void add_ids(std::span<const std::shared_ptr<const Entry>> added);
  [[nodiscard]] std::string_view id_of(FilterBit item) const;
  void keep_ids_with(std::string_view part, Bitmap& selected) const;
  static void find_ids(const Ids& ids, FilterBit first, std::string_view part, std::vector<FilterBit>& found);

  std::size_t items_ = 0, removed_ = 0;
  std::shared_ptr<const Bitmap> removed_items_ = std::make_shared<Bitmap>();
  /// By the bit of the value in specification::SemanticBits; null: no item has it.
  std::array<std::shared_ptr<const Bitmap>, kValueBits> values_;
  Spaces spaces_;
  std::map<std::string, std::shared_ptr<const Bitmap>, std::less<>> languages_;
  std::vector<std::shared_ptr<const Ids>> ids_;
};

}  // namespace learndock::learnwares
