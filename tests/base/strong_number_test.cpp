#include "learndock/base/strong_number.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <unordered_set>
#include <vector>

namespace learndock {
namespace {

using Shelf = StrongNumber<struct ShelfKind, std::uint32_t>;
using Box = StrongNumber<struct BoxKind, std::uint32_t>;

// Mixing two kinds, or a kind and an integer, does not compile.
static_assert(!std::is_convertible_v<Shelf, Box> && !std::is_constructible_v<Box, Shelf>);
static_assert(!std::is_convertible_v<Shelf, std::uint32_t> && !std::is_convertible_v<std::uint32_t, Shelf>);
static_assert(!std::is_assignable_v<Shelf&, Box> && !std::is_assignable_v<Shelf&, std::uint32_t>);
template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};
template <class A, class B>
concept Equatable = requires(A a, B b) {
  a == b;
};
static_assert(Comparable<Shelf, Shelf> && !Comparable<Shelf, Box> && !Comparable<Shelf, std::uint32_t>);
static_assert(Equatable<Shelf, Shelf> && !Equatable<Shelf, Box> && !Equatable<Shelf, std::uint32_t>);

// Arrays of numbers are mapped from files as arrays of integers.
static_assert(sizeof(Shelf) == sizeof(std::uint32_t) && alignof(Shelf) == alignof(std::uint32_t));
static_assert(std::is_trivially_copyable_v<Shelf> && std::is_standard_layout_v<Shelf>);

TEST(StrongNumber, HasTheOrderAndTheBytesOfItsInteger) {
  std::vector<Shelf> shelves{Shelf(3), Shelf(1), Shelf::at(std::size_t{2})};
  std::sort(shelves.begin(), shelves.end());
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(shelves[i].value(), i + 1);
    EXPECT_EQ(shelves[i].index(), std::size_t{i} + 1);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(shelves[i]), i + 1);
  }
  EXPECT_EQ(Shelf(), Shelf(0));
  EXPECT_EQ(++shelves[0], Shelf(2));
}

TEST(StrongNumber, IsAKeyOfHashedContainers) {
  const std::unordered_set<Shelf> shelves{Shelf(7), Shelf(8), Shelf(7)};
  EXPECT_EQ(shelves.size(), 2U);
  EXPECT_TRUE(shelves.contains(Shelf(7)));
  EXPECT_FALSE(shelves.contains(Shelf(9)));
}

}  // namespace
}  // namespace learndock
