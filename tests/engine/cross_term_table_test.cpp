// Products with all learnwares at once: within the stated errors of direct sums, whatever is kept in memory.
#include "engine/search/cross_term_table.hpp"

#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::engine {
namespace {

struct TableScene {
  testing::SceneMarket market;
  std::vector<FilteredPart> parts;
  std::vector<std::uint64_t> allowed;

  explicit TableScene(bool signed_weights) {
    testing::MarketShape shape;
    shape.learnwares = 5000;  // batches of 4,096, and one cut by the end of a part
    shape.dimension = 3;
    shape.signed_weights = signed_weights;
    shape.offset = 30;
    market = testing::make_market(shape, 4);
    for (const std::size_t first : {std::size_t{0}, std::size_t{4500}}) {
      const auto items = market.items(first, first == 0 ? 4500 : 500);
      parts.push_back({testing::unindexed_part(items, {shape.gamma, shape.scales}, shape.dimension)});
    }
    allowed.assign((4500 + 63) / 64, 0xFFFFFFFFFFFFFF0FULL);
    parts[0].allowed = allowed.data();
    parts[0].allowed_count = 4500 - 4 * allowed.size();
  }
};

TEST(CrossTermTable, SumsLieWithinTheirErrors) {
  const auto backend = testing::test_backend(2);
  for (const bool signed_weights : {false, true}) {
    const TableScene scene(signed_weights);
    const auto queries = std::span(scene.market.sets).last(4);
    for (const std::size_t kept : {std::size_t{0}, std::size_t{100'000}, std::size_t{512} << 20}) {
      CrossTermTable table(scene.parts, *backend, 2, kept);
      std::vector<compute::ReducedSetView> views;
      for (const auto& query : queries) views.push_back(query.view());
      // The first alone, the others together.
      ASSERT_TRUE(table.add(std::span(views).first(1), {}).value());
      ASSERT_TRUE(table.add({}, {}).value());
      ASSERT_TRUE(table.add(std::span(views).subspan(1), {}).value());
      const std::vector<double> factors = {1, -0.4, -0.4, -0.4};
      const CrossTermTable::Sums sums = table.sums(factors);
      ASSERT_EQ(table.rows().size(), scene.parts[0].allowed_count + 500);
      for (std::size_t row = 0; row < table.rows().size(); ++row) {
        const auto [part, item] = table.rows()[row];
        const auto& learnware = scene.market.sets[part * 4500 + item.index()];
        double want = 0;
        for (std::size_t q = 0; q < queries.size(); ++q)
          want += factors[q] * compute::DirectQuery(queries[q].view(), learnware.view().kernel)
                                   .inner_product(learnware.view());
        ASSERT_NEAR(sums.values[row], want, sums.errors[row]);
        ASSERT_LT(sums.errors[row], 1e-3);
        if (part == 0) {
          ASSERT_NE(item.value() % 64 / 4, 1U) << "an item that is not allowed";
        }
      }
    }
  }
}

TEST(CrossTermTable, OneLearnwareOfAbsurdValuesCostsTheOthersNothing) {
  const auto backend = testing::test_backend(2);
  testing::MarketShape shape;
  shape.learnwares = 300;
  auto market = testing::make_market(shape, 1);
  market.sets[7].points(0, 0) = 1e6;
  market.sets[190].points(0, 0) = -1e200;
  const auto items = market.items(0, 300);
  const std::vector<FilteredPart> parts = {
      {testing::unindexed_part(items, {shape.gamma, shape.scales}, shape.dimension)}};
  const auto view = market.sets.back().view();
  CrossTermTable table(parts, *backend, 2);
  ASSERT_TRUE(table.add({&view, 1}, {}).value());
  const double one = 1;
  const CrossTermTable::Sums sums = table.sums({&one, 1});
  for (std::size_t row = 0; row < 300; ++row) {
    const double want = compute::DirectQuery(view, view.kernel).inner_product(market.sets[row].view());
    ASSERT_NEAR(sums.values[row], want, sums.errors[row]);
    ASSERT_LT(sums.errors[row], 1e-4);
  }
}

TEST(CrossTermTable, BatchesAreKeptForTheirOwnBackendAsLongAsItLives) {
  const TableScene scene(false);
  const PackedSetsCache& cache = scene.parts[1].part->packed_sets();
  const auto view = scene.market.sets.back().view();
  const auto first_value = [&](const compute::Backend& backend) {
    CrossTermTable table(scene.parts, backend, 1);
    EXPECT_TRUE(table.add({&view, 1}, {}).value());
    return table.values(0)[0];
  };
  auto one = compute::open_backend("cpu", 1).value();
  const auto other = compute::open_backend("cpu_reference").value();
  const float value = first_value(*one);
  const auto kept = cache.find(*one, 0);
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(first_value(*one), value);
  EXPECT_EQ(cache.find(*one, 0), kept) << "made once";
  EXPECT_EQ(cache.find(*other, 0), nullptr);
  EXPECT_NEAR(first_value(*other), value, 1e-4);
  EXPECT_NE(cache.find(*other, 0), nullptr);
  // A backend that takes the place of a dead one in memory has none.
  one.reset();
  one = compute::open_backend("cpu", 1).value();
  EXPECT_EQ(cache.find(*one, 0), nullptr);
}

TEST(CrossTermTable, ADeadlineLeavesNoHalfColumn) {
  const auto backend = testing::test_backend();
  const TableScene scene(false);
  const auto view = scene.market.sets.back().view();
  CrossTermTable table(scene.parts, *backend, 1);
  EXPECT_FALSE(table.add({&view, 1}, std::chrono::steady_clock::now()).value());
  EXPECT_EQ(table.columns(), 0U);
  EXPECT_TRUE(table.add({&view, 1}, {}).value());
  EXPECT_EQ(table.columns(), 1U);
}

TEST(CrossTermTable, ValuesBeyondSinglePrecisionAreSaid) {
  const auto backend = testing::test_backend();
  TableScene scene(false);
  auto set = scene.market.sets.back();
  set.points(0, 0) = 1e200;
  const auto view = set.view();
  CrossTermTable table(scene.parts, *backend, 1);
  const auto added = table.add({&view, 1}, {});
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, ErrorCode::invalid_argument) << describe(added.error());
}

}  // namespace
}  // namespace learndock::engine
