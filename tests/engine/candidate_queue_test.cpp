// What waits keeps what is proved of it when its bounds are raised.
#include "engine/search/candidate_queue.hpp"

#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::engine {
namespace {

/// An item's value is its number; bounds are raised to half of it.
class Numbers final : public Objective {
 public:
  Result<double> value(const SearchPart&, PartItem item, std::vector<double>&) const override {
    return static_cast<double>(item.value());
  }
  const Embedding& embedding(std::size_t) const override { std::abort(); }
  const Prefilter& prefilter(const SearchPart&) const override { std::abort(); }
  double least_value(std::size_t, double bound) const override { return bound; }
  double bound_of(std::size_t, double value) const override { return value; }
  Result<void> tighten(std::vector<Candidate>& candidates) const override {
    ++tightened;
    for (Candidate& one : candidates) one.bound = static_cast<double>(one.item.value()) / 2;
    return {};
  }
  mutable std::size_t tightened = 0;
};

struct Scene {
  testing::MarketShape shape;
  testing::SceneMarket market = testing::make_market(shape, 0);
  std::vector<FilteredPart> parts{
      {testing::unindexed_part(market.items(0, shape.learnwares), {shape.gamma, 1}, shape.dimension)}};
  Numbers numbers;
  std::shared_ptr<const compute::Backend> backend = testing::test_backend();

  [[nodiscard]] CertifiedOptions options(std::size_t top) const {
    CertifiedOptions made;
    made.top = top;
    made.backend = backend.get();
    made.tighten_from = 1;
    return made;
  }
  [[nodiscard]] std::vector<Candidate> items(std::size_t first, std::size_t end, double bound) const {
    std::vector<Candidate> made;
    for (std::size_t item = end; item-- > first;) made.push_back({bound, 0, PartItem::at(item)});
    return made;
  }
};

TEST(CandidateQueue, TightenedCandidatesThatCanBeNoAnswerLeaveTheLeastOfTheirBounds) {
  const Scene scene;
  const CertifiedOptions options = scene.options(3);
  CandidateQueue queue(scene.parts, scene.numbers, options);
  queue.add(scene.items(10, 20, -1));
  ASSERT_TRUE(queue.evaluate(1).has_value());
  EXPECT_EQ(queue.best().threshold(), 12);
  queue.add(scene.items(30, 60, 3));  // bounds become 15 ... 29.5: none can be an answer
  queue.add(scene.items(4, 8, 2));    // 2 ... 3.5: all can
  ASSERT_TRUE(queue.tighten().has_value());
  EXPECT_EQ(queue.next_bound(), 2);
  ASSERT_TRUE(queue.evaluate(1).has_value());
  EXPECT_EQ(queue.next_bound(), 15) << "nothing that waits or was dropped lies lower";
  const std::vector<CertifiedHit> hits = std::move(queue).hits();
  ASSERT_EQ(hits.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(hits[i].item, PartItem::at(4 + i));
}

TEST(CandidateQueue, WithoutAThresholdOrABudgetNothingIsDroppedOrTightened) {
  const Scene scene;
  CertifiedOptions options = scene.options(50);
  CandidateQueue open(scene.parts, scene.numbers, options);
  open.add(scene.items(0, 20, -1));
  ASSERT_TRUE(open.tighten().has_value());
  ASSERT_TRUE(open.evaluate(1).has_value());
  EXPECT_EQ(open.evaluated(), 20U);
  options.max_evaluations = 5;
  options.top = 2;
  CandidateQueue spent(scene.parts, scene.numbers, options);
  spent.add(scene.items(0, 20, -1));
  ASSERT_TRUE(spent.evaluate(1).has_value());
  const std::size_t before = scene.numbers.tightened;
  ASSERT_TRUE(spent.tighten().has_value());
  EXPECT_EQ(scene.numbers.tightened, before);
  EXPECT_EQ(spent.next_bound(), -1);
  options.max_evaluations = 100;
  for (const auto& [given, from] : {std::pair(scene.backend.get(), std::size_t{50}), {nullptr, 1}}) {
    options.backend = given;
    options.tighten_from = from;
    CandidateQueue few(scene.parts, scene.numbers, options);
    few.add(scene.items(0, 20, -1));
    ASSERT_TRUE(few.tighten().has_value());
    EXPECT_EQ(scene.numbers.tightened, before);
  }
}

}  // namespace
}  // namespace learndock::engine
