// Numbers of a learnware inside the engine: mixing two of them does not compile.
#include "engine/prefilter/part_item.hpp"

#include "learndock/base/ids.hpp"

#include "engine/prefilter/cells.hpp"
#include "engine/search/certified_search.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace learndock::engine {
namespace {

template <class Function, class Object, class Number>
constexpr bool takes = std::is_invocable_v<Function, const Object&, Number>;

constexpr auto kSelf = &SearchPart::self;
static_assert(takes<decltype(kSelf), SearchPart, PartItem>);
static_assert(!takes<decltype(kSelf), SearchPart, CodeSlot>);
static_assert(!takes<decltype(kSelf), SearchPart, LearnwareNumber>);
static_assert(!takes<decltype(kSelf), SearchPart, std::size_t>);

constexpr auto kAllows = &FilteredPart::allows;
static_assert(takes<decltype(kAllows), FilteredPart, PartItem>);
static_assert(!takes<decltype(kAllows), FilteredPart, CodeSlot>);

constexpr auto kItemAt = &CellsView::item_at;
static_assert(takes<decltype(kItemAt), CellsView, CodeSlot>);
static_assert(!takes<decltype(kItemAt), CellsView, PartItem>);
static_assert(!takes<decltype(kItemAt), CellsView, std::uint64_t>);

TEST(PartItem, OfASlotIsWhatTheOrderOfTheCellsSays) {
  const std::vector<PartItem> order{PartItem(2), PartItem(0), CellsView::kNoItem, PartItem(1)};
  CellsView cells;
  cells.order = order;
  EXPECT_EQ(cells.item_at(CodeSlot(0)), PartItem(2));
  EXPECT_EQ(cells.item_at(CodeSlot(3)), PartItem(1));
  EXPECT_EQ(cells.item_at(CodeSlot(2)), PartItem(0)) << "padding";
}

}  // namespace
}  // namespace learndock::engine
