#include "learndock/numeric/aligned_vector.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace learndock {
namespace {

std::uintptr_t address(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

TEST(AlignedVector, BeginsAtACacheLineAndWhenLargeAtAHugePage) {
  for (const std::size_t count : {1u, 3u, 1000u, 100'001u}) {
    const AlignedVector<float> small(count, 1.0F);
    EXPECT_EQ(address(small.data()) % 64, 0u) << count;
  }
  const AlignedVector<float> large(std::size_t{5} << 20, 2.0F);
  EXPECT_EQ(address(large.data()) % (std::size_t{2} << 20), 0u);
  EXPECT_EQ(large.front() + large.back(), 4.0F);
}

// The size decides how memory was taken, so growth frees what it took.
TEST(AlignedVector, GrowsAcrossTheSizeOfHugePages) {
  AlignedVector<std::uint32_t> values;
  for (std::uint32_t i = 0; i < (5U << 20); ++i) values.push_back(i);
  for (std::uint32_t i = 0; i < (5U << 20); i += 4099) ASSERT_EQ(values[i], i);
  values.resize(10);
  values.shrink_to_fit();
  EXPECT_EQ(values.back(), 9u);
}

}  // namespace
}  // namespace learndock
