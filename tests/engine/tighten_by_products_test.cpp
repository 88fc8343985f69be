// Bounds from products with all candidates: never above the exact distance, and close to it.
#include "engine/search/tighten_by_products.hpp"

#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::engine {
namespace {

/// A kernel that tells nothing apart: every bound of the index lies under the tenth distance.
struct HardScene {
  testing::MarketShape shape;
  testing::SceneMarket market;
  std::vector<FilteredPart> parts;

  explicit HardScene(double offset = 0) {
    shape.learnwares = 5000;
    shape.dimension = 8;
    shape.gamma = 2;
    shape.offset = offset;
    market = testing::make_market(shape, 3);
    const auto backend = testing::test_backend();
    const auto views = market.views();
    const auto space = std::make_shared<const FeatureSpace>(
        FeatureSpace::fit(std::span(views).first(200), {shape.gamma, 1}, {32, 16, 3}, *backend).value());
    parts.push_back({make_memory_part(space, market.items(0, 4000), {}, backend).value()});
    parts.push_back({testing::unindexed_part(market.items(4000, 1000), {shape.gamma, 1}, shape.dimension)});
  }
  [[nodiscard]] compute::ReducedSetView query(std::size_t q) const {
    return market.sets[shape.learnwares + q].view();
  }
};

std::vector<Candidate> all_of(const HardScene& scene) {
  std::vector<Candidate> all;
  for (std::size_t p = 0; p < scene.parts.size(); ++p)
    for (std::size_t i = p; i < scene.parts[p].part->count(); i += 1 + p)
      all.push_back({-1, p, PartItem::at(i)});
  std::mt19937_64 random(1);
  std::shuffle(all.begin(), all.end(), random);
  return all;
}

TEST(TightenByProducts, BoundsAreNeverAboveTheDistanceAndCloseToIt) {
  const auto backend = testing::test_backend(2);
  for (const double offset : {0.0, 100.0}) {
    const HardScene scene(offset);
    const compute::ReducedSetView query = scene.query(0);
    const compute::DirectQuery direct(query, {scene.shape.gamma, 1});
    CertifiedOptions options;
    options.backend = backend.get();
    options.threads = 2;
    std::vector<Candidate> candidates = all_of(scene);
    ASSERT_TRUE(tighten_by_products(scene.parts, query, direct.inner_product(query), options, candidates)
                    .has_value());
    ASSERT_EQ(candidates.size(), 4500U);
    std::vector<double> memory;
    for (const Candidate& one : candidates) {
      const SearchPart& part = *scene.parts[one.part].part;
      const double distance = part.self(one.item) -
                              2 * direct.inner_product(part.set(one.item, memory).value()) +
                              direct.inner_product(query);
      ASSERT_LE(one.bound, distance);
      ASSERT_GT(one.bound, distance - 1e-3);
    }
  }
}

TEST(TightenByProducts, SearchesEvaluateFewWhereBoundsTellNothing) {
  const auto backend = testing::test_backend(2);
  const HardScene scene;
  for (std::size_t q = 0; q < 3; ++q) {
    const compute::ReducedSetView query = scene.query(q);
    CertifiedOptions options;
    const auto without = certified_search(scene.parts, {&query, 1}, options).value()[0];
    options.backend = backend.get();
    const auto with = certified_search(scene.parts, {&query, 1}, options).value()[0];
    const auto truth = testing::brute_force(scene.parts, query, options.top);
    ASSERT_EQ(with.hits.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_EQ(with.hits[i].item, truth[i].item);
    EXPECT_TRUE(with.exact && without.exact);
    EXPECT_GT(without.evaluated, 3000U) << "the scene is not hard";
    EXPECT_LT(with.evaluated, 1400U) << "the part without an index, and few of the other";
  }
}

TEST(TightenByProducts, WithoutABackendTimeOrManyCandidatesNothingChanges) {
  const auto backend = testing::test_backend();
  const HardScene scene;
  const compute::ReducedSetView query = scene.query(1);
  const auto is_unchanged = [&](const CertifiedOptions& options, std::vector<Candidate> candidates) {
    EXPECT_TRUE(tighten_by_products(scene.parts, query, 1, options, candidates).has_value());
    return std::all_of(candidates.begin(), candidates.end(), [](const auto& one) { return one.bound == -1; });
  };
  CertifiedOptions options;
  EXPECT_TRUE(is_unchanged(options, all_of(scene)));
  options.backend = backend.get();
  EXPECT_TRUE(is_unchanged(options, {{-1, 0, PartItem(3)}}));
  EXPECT_TRUE(is_unchanged(options, {}));
  options.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_TRUE(is_unchanged(options, all_of(scene)));
  options.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
  EXPECT_FALSE(is_unchanged(options, all_of(scene))) << "there is time";
  options.deadline.reset();
  EXPECT_FALSE(is_unchanged(options, all_of(scene)));
}

/// Products of weights that fp32 holds may be beyond it, or too small for their errors to be relative.
TEST(TightenByProducts, AbsurdWeightsAreLeftToExactProducts) {
  const auto backend = testing::test_backend();
  for (const double factor : {1e-23, 1e-21, 1e-16, 1e16, 1e30, -1e38}) {
    testing::MarketShape shape;
    shape.learnwares = 1200;
    auto market = testing::make_market(shape, 1);
    const bool tiny = factor > 0 && factor < 1;
    for (std::size_t i = tiny ? 0 : shape.learnwares; i < market.sets.size(); ++i)
      for (double& weight : market.sets[i].weights) weight *= factor;
    const std::vector<FilteredPart> parts{
        {testing::unindexed_part(market.items(0, shape.learnwares), {shape.gamma, 1}, shape.dimension)}};
    const compute::ReducedSetView query = market.sets[shape.learnwares].view();
    const compute::DirectQuery direct(query, {shape.gamma, 1});
    const double self = direct.inner_product(query);
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < shape.learnwares; ++i)
      candidates.push_back({-std::numeric_limits<double>::infinity(), 0, PartItem::at(i)});
    CertifiedOptions options;
    options.backend = backend.get();
    options.tighten_from = 1;
    ASSERT_TRUE(tighten_by_products(parts, query, self, options, candidates).has_value());
    std::vector<double> memory;
    for (const Candidate& one : candidates)
      ASSERT_LE(one.bound, parts[0].part->self(one.item) -
                               2 * direct.inner_product(parts[0].part->set(one.item, memory).value()) + self)
          << factor;
  }
}

TEST(TightenByProducts, AQueryBeyondSinglePrecisionIsEvaluatedOneAtATime) {
  const auto backend = testing::test_backend();
  const HardScene scene;
  testing::WeightedSet far = scene.market.sets[5001];
  far.points(0, 0) = 1e200;
  const compute::ReducedSetView query = far.view();
  CertifiedOptions options;
  options.backend = backend.get();
  options.tighten_from = 1;
  const auto answer = certified_search(scene.parts, {&query, 1}, options).value()[0];
  const auto truth = testing::brute_force(scene.parts, query, options.top);
  EXPECT_TRUE(answer.exact);
  for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_EQ(answer.hits[i].item, truth[i].item);
}

}  // namespace
}  // namespace learndock::engine
