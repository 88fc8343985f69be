#include "learnwares/bitmap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

namespace learndock::learnwares {
namespace {

using ::testing::ElementsAre;
using Items = std::vector<FilterBit>;

Items items(std::initializer_list<std::uint32_t> numbers) { return {numbers.begin(), numbers.end()}; }

Bitmap of(const Items& some) {
  Bitmap made;
  made.add(some);
  return made;
}
Bitmap of(std::initializer_list<std::uint32_t> numbers) { return of(items(numbers)); }
FilterBit bit(std::uint32_t number) { return FilterBit(number); }

TEST(Bitmap, SmallSetsByHand) {
  Bitmap one = of({1, 3, 70'000});
  EXPECT_EQ(one.count(), 3U);
  EXPECT_TRUE(one.contains(bit(3)));
  EXPECT_FALSE(one.contains(bit(2)));
  EXPECT_EQ(one.items(2), items({1, 3}));
  const Bitmap copy = one;
  one &= of({3, 4, 70'000});
  EXPECT_EQ(one.items(), items({3, 70'000}));
  one -= of({3});
  EXPECT_EQ(one.items(), items({70'000}));
  EXPECT_EQ(copy.items(), items({1, 3, 70'000})) << "a copy stands on its own";
  EXPECT_EQ(Bitmap::range(bit(5), 3).items(), items({5, 6, 7}));
  EXPECT_TRUE(Bitmap::range(bit(5), 0).empty());
  EXPECT_TRUE(Bitmap::any_of({}).empty());
}

TEST(Bitmap, WordsOfARange) {
  const Bitmap set = of({0, 5, 63, 64, 130, 200});
  EXPECT_THAT(set.words(bit(0), 131), ElementsAre(1U | 32U | (std::uint64_t{1} << 63), 1U, 4U));
  EXPECT_THAT(set.words(bit(5), 60), ElementsAre(1U | (std::uint64_t{1} << 58) | (std::uint64_t{1} << 59)));
  EXPECT_THAT(set.words(bit(201), 64), ElementsAre(0U));
  EXPECT_TRUE(set.words(bit(7), 0).empty());
  EXPECT_THAT(Bitmap::range(bit(0xffff'ffc0U), 64).words(bit(0xffff'ffc0U), 64),
              ElementsAre(~std::uint64_t{0}));
}

TEST(Bitmap, AgreesWithPlainSets) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    std::set<FilterBit> a, b;
    const auto span = std::uint64_t{1} << (4 + random() % 16);
    const auto fill = [&](std::set<FilterBit>& set) {
      for (auto n = random() % 9000; n > 0; --n) set.insert(FilterBit::at(random() % span));
    };
    fill(a);
    fill(b);
    const Bitmap x = of(Items(a.begin(), a.end())), y = of(Items(b.begin(), b.end()));
    Items both, left, any;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(left));
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(any));
    Bitmap intersection = x, difference = x;
    const Bitmap* sets[] = {&x, &y};
    EXPECT_EQ((intersection &= y).items(), both);
    EXPECT_EQ((difference -= y).items(), left);
    EXPECT_EQ(Bitmap::any_of(sets).items(), any);
    const auto first = FilterBit::at(random() % span);
    const auto count = static_cast<std::size_t>(random() % span);
    const auto words = x.words(first, count);
    for (std::size_t i = 0; i < words.size() * 64; ++i)
      ASSERT_EQ(words[i / 64] >> (i % 64) & 1U,
                i < count && a.contains(FilterBit::at(first.index() + i)) ? 1U : 0U);
  }
}

}  // namespace
}  // namespace learndock::learnwares
