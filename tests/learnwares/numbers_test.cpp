#include "learnwares/snapshot.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace learndock::learnwares {
namespace {

/// Whether a member function can be called with a number of this type.
template <class Function, class Object, class Number>
constexpr bool takes = std::is_invocable_v<Function, const Object&, Number>;

// Each function that leads from one number of a learnware to the next takes its own kind of number alone: a
// call with another one does not compile.
constexpr auto kEntryOf = &Snapshot::entry_of;
static_assert(takes<decltype(kEntryOf), Snapshot, LearnwareNumber>);
static_assert(!takes<decltype(kEntryOf), Snapshot, SnapshotPosition>);
static_assert(!takes<decltype(kEntryOf), Snapshot, FilterBit>);
static_assert(!takes<decltype(kEntryOf), Snapshot, std::uint64_t>);

constexpr auto kWithout = &SemanticIndex::without;
static_assert(takes<decltype(kWithout), SemanticIndex, SnapshotPosition>);
static_assert(!takes<decltype(kWithout), SemanticIndex, FilterBit>);
static_assert(!takes<decltype(kWithout), SemanticIndex, std::uint32_t>);

constexpr auto kItemsAt = &SemanticIndex::items_at;
static_assert(takes<decltype(kItemsAt), SemanticIndex, std::vector<SnapshotPosition>>);
static_assert(!takes<decltype(kItemsAt), SemanticIndex, std::vector<FilterBit>>);
static_assert(!takes<decltype(kItemsAt), SemanticIndex, std::vector<std::uint32_t>>);

constexpr auto kContains = &Bitmap::contains;
static_assert(takes<decltype(kContains), Bitmap, FilterBit>);
static_assert(!takes<decltype(kContains), Bitmap, SnapshotPosition>);

constexpr auto kItemOf = &LivePart::item_of;
static_assert(takes<decltype(kItemOf), LivePart, LearnwareNumber>);
static_assert(!takes<decltype(kItemOf), LivePart, SnapshotPosition>);
static_assert(!takes<decltype(kItemOf), LivePart, FilterBit>);

TEST(NumbersOfALearnware, LeadToEachOther) {
  std::vector<std::shared_ptr<const Entry>> entries;
  for (const std::uint64_t number : {3U, 5U, 9U, 12U}) {
    EntryFields fields;
    fields.sequence = LearnwareNumber(number);
    fields.id = LearnwareId::from_number(number);
    entries.push_back(make_entry(std::move(fields)));
  }
  const SemanticIndex index = SemanticIndex::of(entries).without(SnapshotPosition(1));
  Snapshot snapshot;
  snapshot.entries = {entries[0], entries[2], entries[3]};
  const Entry* const found = snapshot.entry_of(LearnwareNumber(9));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->id(), "00000009");
  EXPECT_EQ(snapshot.entry_of(LearnwareNumber(5)), nullptr);
  // After the removal of the second one, positions and bits differ.
  const std::vector<SnapshotPosition> positions{SnapshotPosition(0), SnapshotPosition(1),
                                                SnapshotPosition(2)};
  const std::vector<FilterBit> bits{FilterBit(0), FilterBit(2), FilterBit(3)};
  EXPECT_EQ(index.items_at(positions), bits);
  EXPECT_EQ(index.positions(index.select({})), positions);
  EXPECT_EQ(index.positions(index.select({}), 2), (std::vector(positions.begin(), positions.begin() + 2)));
  const SemanticIndex whole = SemanticIndex::of(entries);
  const std::vector<FilterBit> first_bits{FilterBit(0), FilterBit(1), FilterBit(2)};
  EXPECT_EQ(whole.items_at(positions), first_bits) << "without removals they are the same";
  EXPECT_EQ(whole.positions(whole.select({}), 3), positions);
}

}  // namespace
}  // namespace learndock::learnwares
