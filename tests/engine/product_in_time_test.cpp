#include "engine/search/product_in_time.hpp"

#include "engine/mixture/certified_mixture.hpp"
#include "engine/search_scene.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace learndock::engine {
namespace {

using testing::WeightedSet;

const compute::Kernel kKernel{0.2, 1};

WeightedSet set_of(std::size_t points, std::uint64_t seed) {
  return testing::random_set({points, 3, kKernel.gamma, 0, 1, false}, seed);
}

TEST(ProductInTime, AProductOfTwoLargeSetsDidNotLookAtTheClock) {
  const WeightedSet large = set_of(1500, 1), small = set_of(100, 2);
  const compute::DirectQuery query(large.view(), kKernel);
  const auto now = std::chrono::steady_clock::now();
  const auto product = [&](const WeightedSet& set, const Deadline& deadline) {
    return product_in_time(query, 1500, set.view(), deadline);
  };
  EXPECT_FALSE(product(large, now).has_value());
  EXPECT_NEAR(product(large, now + std::chrono::hours(1)).value(), query.inner_product(large.view()), 1e-12);
  EXPECT_EQ(product(large, {}), query.inner_product(large.view()));
  EXPECT_EQ(product(small, now), query.inner_product(small.view())) << "it takes no time";
}

TEST(ProductInTime, AMixtureOfLargeSetsEndsAtItsDeadline) {
  const WeightedSet sets[] = {set_of(1500, 1), set_of(1500, 2), set_of(1500, 3)}, query = set_of(1500, 4);
  std::vector<ItemContent> items;
  for (std::size_t i = 0; i < 3; ++i) items.push_back({std::string_view("abc").substr(i, 1), sets[i].view()});
  const FilteredPart part{testing::unindexed_part(items, kKernel, 3)};
  MixtureOptions options;
  const auto unhurried = certified_mixture({&part, 1}, query.view(), {0, PartItem(0), 0}, options);
  ASSERT_TRUE(unhurried.has_value() && unhurried->has_value());
  options.deadline = std::chrono::steady_clock::now();
  const auto late = certified_mixture({&part, 1}, query.view(), {0, PartItem(0), 0}, options);
  ASSERT_TRUE(late.has_value()) << late.error().message;
  EXPECT_FALSE(late->has_value());
}

}  // namespace
}  // namespace learndock::engine
