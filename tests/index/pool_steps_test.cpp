// Members from a pool: what is proved of the learnwares outside holds for every one of them.
#include "index/market_scene.hpp"
#include "index/mixture_steps.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::index {
namespace {

using testing::Filter;

struct Dock {
  testing::MarketShape shape;
  testing::SceneMarket market;
  std::vector<Filter> filters;
  std::vector<FilteredPart> parts;

  explicit Dock(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    shape.learnwares = 300;
    shape.tasks = 20;
    shape.dimension = 3 + seed % 5;
    shape.gamma = seed % 4 == 0 ? 1 : 0.1;
    shape.signed_weights = seed % 3 == 0;
    shape.seed = seed;
    market = testing::make_market(shape, 3);
    const std::size_t pieces = 1 + seed % 3;
    filters.reserve(pieces);
    for (std::size_t p = 0; p < pieces; ++p) add_part(p * 300 / pieces, 300 / pieces, seed, random);
  }

  void add_part(std::size_t first, std::size_t count, std::uint64_t seed, std::mt19937_64& random) {
    const auto backend = testing::test_backend();
    const auto items = market.items(first, count);
    std::vector<compute::ReducedSetView> sample;
    for (const PartItem& item : items) sample.push_back(item.set);
    const auto space = std::make_shared<const FeatureSpace>(
        FeatureSpace::fit(sample, {shape.gamma, shape.scales}, {30, 4 + seed % 16, seed}, *backend).value());
    PartOptions options;
    options.codes = static_cast<compute::CodeType>(seed % 4);
    constexpr PrefilterKind kKinds[] = {PrefilterKind::exact_scan, PrefilterKind::cells,
                                        PrefilterKind::code_scan, PrefilterKind::faiss_flat,
                                        PrefilterKind::hnsw};
    options.prefilter = kKinds[seed % std::size(kKinds)];
    filters.emplace_back(count, 0.5, random);
    parts.push_back({make_memory_part(space, items, options, backend).value()});
    if (seed % 2 == 0) {
      parts.back().allowed = filters.back().bits.data();
      parts.back().allowed_count = filters.back().count;
    }
  }

  [[nodiscard]] CertifiedHit some_allowed(std::mt19937_64& random) const {
    while (true) {
      const std::size_t part = random() % parts.size(), item = random() % parts[part].part->count();
      if (parts[part].allows(item)) return {part, item, 0};
    }
  }

  /// The best alignment of all that is allowed.
  [[nodiscard]] double most_aligned(const MixtureState& state) const {
    double most = -1e300;
    std::vector<double> memory;
    for (const FilteredPart& part : parts)
      for (std::size_t item = 0; item < part.part->count(); ++item)
        if (part.allows(item)) most = std::max(most, state.alignment(part.part->set(item, memory).value()));
    return most;
  }
};

TEST(PoolSteps, NothingOutsideThePoolIsAlignedBetterThanItSays) {
  std::size_t proved = 0, tight = 0, better = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Dock dock(seed);
    std::mt19937_64 random(seed);
    const compute::ReducedSetView user = dock.market.sets[300 + seed % 3].view();
    MixtureOptions options;
    options.pool = {1 + seed % 30, seed % 7, seed % 11 == 0 ? 200U : 0U};
    MixtureState state(dock.parts, user, options);
    ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
    ASSERT_TRUE(PoolSteps::is_possible(state, options.pool));
    PoolSteps pool(options);
    for (std::size_t round = 0; round < 6; ++round) {
      const MixtureStep step = pool.next(state, SIZE_MAX).value();
      const double most = dock.most_aligned(state);
      EXPECT_GE(step.most, most - 1e-12) << "seed " << seed << ", round " << round;
      EXPECT_LE(step.seen, most + 1e-12);
      proved += step.most < 1e300 ? 1U : 0U;
      tight += step.most < most + 0.1 ? 1U : 0U;
      if (!step.next) break;
      EXPECT_TRUE(dock.parts[step.next->part].allows(step.next->item));
      const double before = state.mmd_squared();
      ASSERT_TRUE(state.add(*step.next).has_value());
      better += state.mmd_squared() < before ? 1U : 0U;
    }
  }
  EXPECT_GT(proved, 60U);
  EXPECT_GT(tight, 30U);
  EXPECT_GT(better, 80U);
}

TEST(PoolSteps, WholePartsKnowTheBestAlignmentAndTheBestRefit) {
  const Dock dock(6);
  std::mt19937_64 random(6);
  const compute::ReducedSetView user = dock.market.sets[301].view();
  MixtureOptions options;
  MixtureState state(dock.parts, user, options);
  ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
  const MixtureStep step = PoolSteps(options).next(state, SIZE_MAX).value();
  EXPECT_NEAR(step.most, dock.most_aligned(state), 1e-12);
  ASSERT_TRUE(step.next.has_value());
  double best = 1e300;
  for (std::size_t p = 0; p < dock.parts.size(); ++p)
    for (std::size_t item = 0; item < dock.parts[p].part->count(); ++item) {
      if (!dock.parts[p].allows(item)) continue;
      MixtureState other(dock.parts, user, options);
      ASSERT_TRUE(other.add(state.hit(0)).has_value());
      ASSERT_TRUE(other.add({p, item, 0}).has_value());
      best = std::min(best, other.mmd_squared());
    }
  ASSERT_TRUE(state.add(*step.next).has_value());
  EXPECT_NEAR(state.mmd_squared(), best, 1e-6);
}

TEST(PoolSteps, ABudgetOfEvaluationsEndsTheProofNotTheMixture) {
  const Dock dock(7);
  std::mt19937_64 random(7);
  const compute::ReducedSetView user = dock.market.sets[300].view();
  for (const std::size_t whole : {0U, 1000U}) {
    MixtureOptions options;
    options.pool.whole_part = whole;
    MixtureState state(dock.parts, user, options);
    ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
    const MixtureStep step = PoolSteps(options).next(state, 20).value();
    EXPECT_EQ(step.evaluated, 20U);
    EXPECT_GE(step.most, dock.most_aligned(state));
  }
}

}  // namespace
}  // namespace learndock::index
