// Mixtures over all learnwares: the certified gap against the optimum itself and against every alignment.
#include "engine/mixture/certified_mixture.hpp"

#include "engine/search_scene.hpp"
#include "numeric/simplex_qp.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::engine {
namespace {

using testing::MarketShape;
using testing::SceneMarket;

struct MixtureDock {
  MarketShape shape;
  SceneMarket market;
  std::vector<FilteredPart> parts;

  MixtureDock(const MarketShape& wanted, PartOptions options, std::size_t pieces) : shape(wanted) {
    market = testing::make_market(shape, 1);
    const auto backend = testing::test_backend();
    for (std::size_t p = 0; p < pieces; ++p) {
      const std::size_t first = p * shape.learnwares / pieces,
                        count = (p + 1) * shape.learnwares / pieces - first;
      const auto items = market.items(first, count);
      if (p == 2) {
        parts.push_back({testing::unindexed_part(items, {shape.gamma, shape.scales}, shape.dimension)});
        continue;
      }
      std::vector<compute::ReducedSetView> sample;
      for (const ItemContent& item : items) sample.push_back(item.set);
      const auto space = std::make_shared<const FeatureSpace>(
          FeatureSpace::fit(sample, {shape.gamma, shape.scales}, {40, 20, p}, *backend).value());
      parts.push_back({make_memory_part(space, items, options, backend).value()});
    }
  }

  /// A blend of some learnwares, moved a little: no single one explains it.
  [[nodiscard]] testing::WeightedSet blend(std::mt19937_64& random, std::size_t components) const {
    testing::WeightedSet query{{}, {}, shape.gamma};
    std::vector<double> points;
    std::normal_distribution<double> normal(0, 0.05);
    for (std::size_t c = 0; c < components; ++c) {
      const auto& set = market.sets[random() % shape.learnwares];
      for (const double value : set.points.values()) points.push_back(value + normal(random));
      for (const double weight : set.weights)
        query.weights.push_back(weight / static_cast<double>(components));
    }
    query.points = Matrix<double>(query.weights.size(), shape.dimension, std::move(points));
    return query;
  }
};

MarketShape shape_of(std::uint64_t seed) {
  MarketShape shape;
  shape.learnwares = 60;
  shape.tasks = 5;
  shape.dimension = 3;
  shape.seed = seed;
  shape.scales = seed % 3 == 0 ? 2 : 1;
  shape.duplicates = seed % 4 == 0 ? 0.3 : 0;
  return shape;
}

/// All pairs, for the optimum over mixtures of any size.
struct Products {
  Matrix<double> gram;
  std::vector<double> linear;
  double user = 0;
};

Products products(const MixtureDock& dock, const compute::ReducedSetView& query) {
  const compute::Kernel& kernel = dock.parts[0].part->kernel();
  std::vector<compute::ReducedSetView> sets;
  for (std::size_t i = 0; i < dock.shape.learnwares; ++i) sets.push_back(dock.market.sets[i].view());
  Products all{Matrix<double>(sets.size(), sets.size()), {}, 0};
  const compute::DirectQuery user(query, kernel);
  all.user = user.inner_product(query);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    all.linear.push_back(user.inner_product(sets[i]));
    const compute::DirectQuery direct(sets[i], kernel);
    for (std::size_t j = 0; j < sets.size(); ++j) all.gram(i, j) = direct.inner_product(sets[j]);
  }
  return all;
}

/// Position in the market of an item of a part.
std::size_t position(const MixtureDock& dock, const CertifiedHit& hit) {
  return hit.part * dock.shape.learnwares / dock.parts.size() + hit.item.index();
}

/// From everything to a few learnwares.
PoolSize pool_of(std::uint64_t seed) {
  constexpr PoolSize kSizes[] = {{}, {12, 6, 0}, {3, 1, 0}, {1, 0, 0}};
  return kSizes[seed % std::size(kSizes)];
}

CertifiedHit nearest(const MixtureDock& dock, const compute::ReducedSetView& query) {
  CertifiedOptions search;
  search.top = 1;
  return certified_search(dock.parts, {&query, 1}, search).value()[0].hits.at(0);
}

/// By bounds alone, and by products with all learnwares.
class CertifiedMixtures : public ::testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] MixtureOptions options() const {
    MixtureOptions options;
    if (GetParam()) options.backend = backend_.get();
    options.proof_members = 9;
    options.enough_gap = 0;
    return options;
  }

 private:
  std::shared_ptr<const compute::Backend> backend_ = testing::test_backend();
};

INSTANTIATE_TEST_SUITE_P(Ways, CertifiedMixtures, ::testing::Bool(),
                         [](const auto& way) { return way.param ? "products" : "bounds"; });

TEST_P(CertifiedMixtures, GapBoundsTheOptimumOverAllMixtures) {
  std::mt19937_64 random(3);
  std::size_t mixtures = 0, small_gaps = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    PartOptions options;
    options.codes = static_cast<compute::CodeType>(seed % 4);
    constexpr PrefilterKind kKinds[] = {PrefilterKind::exact_scan, PrefilterKind::cells,
                                        PrefilterKind::code_scan, PrefilterKind::cells,
                                        PrefilterKind::faiss_flat};
    options.prefilter = kKinds[seed % 5];
    options.items_per_cell = 1 + seed % 13;
    const MixtureDock dock(shape_of(seed), options, 1 + seed % 3);
    const testing::WeightedSet user = dock.blend(random, 3);
    const compute::ReducedSetView query = user.view();
    CertifiedOptions search;
    search.top = 1;
    search.first_extra = 2;
    search.evaluate_all = 0;
    const auto single = certified_search(dock.parts, {&query, 1}, search).value()[0].hits.at(0);
    MixtureOptions mixture_options = this->options();
    mixture_options.max_members = 2 + seed % 6;
    mixture_options.pool = pool_of(seed);
    const auto found = certified_mixture(dock.parts, query, single, mixture_options).value();
    if (!found) continue;
    ++mixtures;
    const Products all = products(dock, query);
    const auto best = solve_simplex_qp(all.gram.view(), all.linear).value();
    const double optimum = all.user + 2 * best.objective;
    EXPECT_GE(found->mmd_squared, optimum - 1e-9);
    EXPECT_LE(found->mmd_squared - found->gap, optimum + 1e-9);
    EXPECT_LT(found->mmd_squared, single.mmd_squared);
    // The stated distance and gap are those of the stated members and weights.
    double value = all.user, sum = 0, mixed = 0, best_alignment = -1e300;
    std::vector<double> weights(dock.shape.learnwares, 0.0);
    for (std::size_t i = 0; i < found->members.size(); ++i) {
      weights[position(dock, found->members[i])] += found->weights[i];
      sum += found->weights[i];
    }
    EXPECT_NEAR(sum, 1, 1e-9);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      double with_mixture = 0;
      for (std::size_t j = 0; j < weights.size(); ++j) with_mixture += all.gram(i, j) * weights[j];
      value += weights[i] * (with_mixture - 2 * all.linear[i]);
      mixed += weights[i] * (all.linear[i] - with_mixture);
      best_alignment = std::max(best_alignment, all.linear[i] - with_mixture);
    }
    EXPECT_NEAR(found->mmd_squared, value, 1e-9);
    // The last step's own gap, or what an earlier step proved.
    EXPECT_LE(found->gap, 2 * (best_alignment - mixed) + (GetParam() ? 1e-9 : 1e-4));
    small_gaps += found->gap < 0.05 * all.user ? 1U : 0U;
  }
  EXPECT_GT(mixtures, 15U);
  EXPECT_GT(small_gaps, 3U);
}

TEST_P(CertifiedMixtures, FiltersHoldForMembersAndForTheGap) {
  std::mt19937_64 random(4);
  MixtureDock dock(shape_of(1), {}, 1);
  const testing::WeightedSet user = dock.blend(random, 4);
  const compute::ReducedSetView query = user.view();
  const std::vector<std::uint64_t> allowed{0xF0F0F0F0F0F0F0FULL};
  dock.parts[0].allowed = allowed.data();
  dock.parts[0].allowed_count = 30;
  const CertifiedHit single = nearest(dock, query);
  const auto found = certified_mixture(dock.parts, query, single, options()).value();
  ASSERT_TRUE(found.has_value());
  for (const CertifiedHit& member : found->members) EXPECT_EQ(allowed[0] >> member.item.value() & 1U, 1U);
}

TEST_P(CertifiedMixtures, AnExactFitNeedsNoMixture) {
  const MixtureDock dock(shape_of(2), {}, 1);
  const compute::ReducedSetView query = dock.market.sets[17].view();
  const CertifiedHit single = nearest(dock, query);
  EXPECT_FALSE(certified_mixture(dock.parts, query, single, options()).value().has_value());
}

TEST_P(CertifiedMixtures, ASpentBudgetMakesNoMixtureOfOneAndKeepsWhatWasFound) {
  std::mt19937_64 random(5);
  const MixtureDock dock(shape_of(1), {}, 2);
  const testing::WeightedSet user = dock.blend(random, 3);
  const compute::ReducedSetView query = user.view();
  const CertifiedHit single = nearest(dock, query);
  MixtureOptions late = options();
  late.deadline = std::chrono::steady_clock::now();
  const auto found = certified_mixture(dock.parts, query, single, late).value();
  ASSERT_TRUE(found.has_value()) << "something is always looked at";
  EXPECT_EQ(found->members.size(), 2U);
}

/// From no time at all to enough: whichever way the time left, the gap bounds the optimum.
TEST_P(CertifiedMixtures, TheGapHoldsWhateverTimeThereWas) {
  std::mt19937_64 random(8);
  std::size_t mixtures = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed)
    for (const int microseconds : {1, 100, 300, 1000, 3000, 100'000}) {
      const MixtureDock dock(shape_of(seed), {}, 1 + seed % 3);
      const testing::WeightedSet user = dock.blend(random, 3);
      const compute::ReducedSetView query = user.view();
      const CertifiedHit single = nearest(dock, query);
      MixtureOptions hurried = options();
      hurried.pool = pool_of(seed);
      hurried.deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
      const auto found = certified_mixture(dock.parts, query, single, hurried).value();
      if (!found) continue;
      const Products all = products(dock, query);
      const double optimum = all.user + 2 * solve_simplex_qp(all.gram.view(), all.linear).value().objective;
      EXPECT_GE(found->mmd_squared, optimum - 1e-9);
      EXPECT_LE(found->mmd_squared - found->gap, optimum + 1e-9);
      ++mixtures;
    }
  EXPECT_GT(mixtures, 5U) << "little was tested";
}

TEST(CertifiedMixtureByProducts, ManyEqualLearnwaresAndValuesBeyondSinglePrecisionKeepTheGap) {
  MarketShape shape = shape_of(4);
  shape.learnwares = 1500;
  shape.duplicates = 0.999;
  const MixtureDock dock(shape, {}, 1);
  std::mt19937_64 random(6);
  const auto backend = testing::test_backend();
  for (const double factor : {1.0, 1e200}) {
    testing::WeightedSet user = dock.blend(random, 3);
    user.points(0, 0) *= factor;
    const compute::ReducedSetView query = user.view();
    const CertifiedHit single = nearest(dock, query);
    MixtureOptions by_products;
    by_products.backend = backend.get();
    const auto have = certified_mixture(dock.parts, query, single, by_products);
    ASSERT_TRUE(have.has_value()) << describe(have.error());
    MixtureOptions late = by_products;
    late.deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
    EXPECT_TRUE(certified_mixture(dock.parts, query, single, late).has_value()) << "time is no error";
    const auto want = certified_mixture(dock.parts, query, single, {}).value();
    ASSERT_EQ((*have).has_value(), want.has_value());
    if (!want) continue;
    EXPECT_NEAR((*have)->mmd_squared, want->mmd_squared, 1e-9);
    EXPECT_LE((*have)->gap, want->gap + 1e-4) << "but for the rounding of ties that are not compared";
  }
}

}  // namespace
}  // namespace learndock::engine
