#include "learnwares/filter_bits_of_part.hpp"

#include "learnwares/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>

namespace learndock::learnwares {
namespace {

using ::testing::ElementsAre;
using Words = std::vector<std::uint64_t>;
using Numbers = std::vector<LearnwareNumber>;

Numbers numbers(std::initializer_list<std::uint64_t> values) { return {values.begin(), values.end()}; }

bool is_set(const std::vector<std::uint64_t>& words, std::size_t i) {
  return (words[i / 64] >> (i % 64) & 1U) != 0;
}

/// An index of learnwares without a description, some of them removed, and the numbers of the rest.
class NumberedIndex {
 public:
  explicit NumberedIndex(std::uint64_t seed) : random_(seed) {}

  void add(std::size_t count, std::size_t gap) {
    std::vector<std::shared_ptr<const Entry>> added;
    for (std::size_t i = 0; i < count; ++i) {
      EntryFields fields;
      last_ += 1 + random_() % gap;
      fields.sequence = LearnwareNumber(last_);
      fields.id = LearnwareId::from_number(last_);
      item_numbers_.emplace_back(last_);
      numbers_.emplace_back(last_);
      added.push_back(make_entry(std::move(fields)));
    }
    index_ = index_.extended(added);
  }
  void remove() {
    if (numbers_.empty()) return;
    const auto position = static_cast<std::size_t>(random_() % numbers_.size());
    numbers_.erase(numbers_.begin() + static_cast<std::ptrdiff_t>(position));
    index_ = index_.without(SnapshotPosition::at(position));
  }
  /// A part with about one in `share` of all numbers, and some that nobody has any more.
  Numbers part_keys(std::size_t share, bool strangers) {
    Numbers keys;
    for (LearnwareNumber number(1); number.value() <= last_; ++number) {
      const bool there = std::binary_search(numbers_.begin(), numbers_.end(), number);
      if ((there || strangers) && random_() % share == 0) keys.push_back(number);
    }
    return keys;
  }
  std::vector<std::uint64_t> selection(std::size_t share) {
    std::vector<std::uint64_t> words((index_.items() + 63) / 64, 0);
    for (std::size_t i = 0; i < index_.items(); ++i)
      if (random_() % share == 0) words[i / 64] |= std::uint64_t{1} << (i % 64);
    return words;
  }
  /// Whether the item of this number is selected, looked for one by one.
  bool selects(const std::vector<std::uint64_t>& selected, LearnwareNumber number) const {
    const auto item = std::find(item_numbers_.begin(), item_numbers_.end(), number);
    return item != item_numbers_.end() &&
           is_set(selected, static_cast<std::size_t>(item - item_numbers_.begin()));
  }
  FilterBitsOfPart bits_of(const Numbers& keys) const { return {keys, numbers_, index_}; }
  std::uint64_t draw() { return random_(); }
  const Numbers& item_numbers() const { return item_numbers_; }

 private:
  std::mt19937_64 random_;
  SemanticIndex index_;
  Numbers item_numbers_, numbers_;
  std::uint64_t last_ = 0;
};

TEST(FilterBitsOfPart, ByHand) {
  NumberedIndex index(1);
  index.add(6, 1);
  const FilterBitsOfPart bits_of = index.bits_of(numbers({2, 3, 5, 9}));
  EXPECT_THAT(bits_of.bits_for_part(Words{0b010110}), ElementsAre(0b111));
  EXPECT_THAT(bits_of.bits_for_part(Words{0b101001}), ElementsAre(0));
  EXPECT_THAT(index.bits_of(numbers({0, 1, 4})).bits_for_part(Words{0b001001}), ElementsAre(0b110));
  EXPECT_TRUE(index.bits_of({}).bits_for_part(Words{0b111111}).empty());
  Words left{0b111111};
  bits_of.clear_part(left);
  EXPECT_THAT(left, ElementsAre(0b101001));
}

TEST(FilterBitsOfPart, AgreeWithLookingForEachLearnware) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    NumberedIndex index(seed);
    index.add(1 + index.draw() % 600, 1 + index.draw() % 3);
    for (auto n = index.draw() % 2 * (index.draw() % 40); n > 0; --n) index.remove();
    const Numbers keys = index.part_keys(1 + index.draw() % 3, index.draw() % 2 == 0);
    const FilterBitsOfPart bits_of = index.bits_of(keys);
    // What comes and goes later moves no bit.
    index.add(index.draw() % 200, 2);
    for (auto n = index.draw() % 20; n > 0; --n) index.remove();
    Words selected = index.selection(1 + index.draw() % 4);
    // What was gone before the bits were found has no bit; no filter selects it.
    const std::vector<std::uint64_t> known = bits_of.bits_for_part(Words(selected.size(), ~std::uint64_t{0}));
    const std::vector<std::uint64_t> bits = bits_of.bits_for_part(selected);
    ASSERT_EQ(bits.size(), (keys.size() + 63) / 64);
    for (std::size_t i = 0; i < bits.size() * 64; ++i)
      ASSERT_EQ(is_set(bits, i), i < keys.size() && is_set(known, i) && index.selects(selected, keys[i]));
    Words rest = selected;
    bits_of.clear_part(rest);
    for (std::size_t item = 0; item < index.item_numbers().size(); ++item) {
      const auto key = std::lower_bound(keys.begin(), keys.end(), index.item_numbers()[item]);
      const bool held = key != keys.end() && *key == index.item_numbers()[item] &&
                        is_set(known, static_cast<std::size_t>(key - keys.begin()));
      ASSERT_EQ(is_set(rest, item), is_set(selected, item) && !held);
    }
    EXPECT_LE(bits_of.bytes(), 12 * keys.size() + keys.size() / 8 + 16);
  }
}

TEST(FilterBitsOfPart, TakeLittleRoomWhereLearnwaresFollowEachOther) {
  NumberedIndex index(3);
  index.add(64'000, 1);
  EXPECT_LE(index.bits_of(index.item_numbers()).bytes(), 64'000U / 5);
}

}  // namespace
}  // namespace learndock::learnwares
