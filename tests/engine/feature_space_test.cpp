// The subspace's bounds against the truth, and the trap of false certificates planted on purpose.
#include "engine/space/feature_space.hpp"

#include "engine/search/bound_check.hpp"
#include "engine/search_scene.hpp"
#include "engine/space/subspace_fit.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::engine {
namespace {

using testing::MarketShape;
using testing::SceneMarket;

/// Local regions of one smooth data set: distances far below the norms, where rounding shows first.
MarketShape tight_market() {
  MarketShape shape;
  shape.learnwares = 400;
  shape.tasks = 2;
  shape.dimension = 3;
  shape.points = 10;
  shape.gamma = 0.01;
  shape.spread = 0.05;
  return shape;
}

FeatureSpace fitted(const SceneMarket& market, const MarketShape& shape, const SubspaceOptions& options) {
  return FeatureSpace::fit(market.views(), {shape.gamma, shape.scales}, options, *testing::test_backend())
      .value();
}

TEST(FeatureSpace, BoundsAreBelowEveryDistanceAndTightWhenTheSubspaceHoldsAlmostAll) {
  const MarketShape shape = tight_market();
  const SceneMarket market = testing::make_market(shape, 0);
  const FeatureSpace space = fitted(market, shape, {96, 48, 1});
  const auto views = market.views();
  const auto embedded = space.embed(views, 2);
  double loosest = 0;
  for (std::size_t i = 0; i < views.size(); i += 3) {
    const compute::DirectQuery query(views[i], space.kernel());
    for (std::size_t j = 0; j < views.size(); ++j) {
      double inner = embedded[i].residual * embedded[j].residual;
      for (std::size_t k = 0; k < space.coordinates(); ++k)
        inner += embedded[i].coordinates[k] * embedded[j].coordinates[k];
      const double bound = embedded[i].squared_norm + embedded[j].squared_norm - 2 * inner;
      const double distance = embedded[i].self + embedded[j].self - 2 * query.inner_product(views[j]);
      ASSERT_LE(bound, distance + space.margin(embedded[j].mass, embedded[i].mass));
      loosest = std::max(loosest, distance - bound);
    }
  }
  EXPECT_LT(loosest, 1e-3);
  EXPECT_LT(space.subspace().statistics.residual_share, 1e-3);
}

TEST(FeatureSpace, AKernelThatTellsNothingApartShowsInTheStatistics) {
  MarketShape shape;
  shape.dimension = 20;
  shape.gamma = 5;
  const SceneMarket market = testing::make_market(shape, 0);
  EXPECT_LT(fitted(market, shape, {64, 32, 1}).subspace().statistics.mean_kernel, 0.01);
  shape.gamma = 0.01;
  const SceneMarket seeing = testing::make_market(shape, 0);
  EXPECT_GT(fitted(seeing, shape, {64, 32, 1}).subspace().statistics.mean_kernel, 0.1);
}

TEST(FeatureSpace, IsTheSameForTheSameSeedAndMoreThreads) {
  const MarketShape shape = tight_market();
  const SceneMarket market = testing::make_market(shape, 0);
  const FeatureSpace one = fitted(market, shape, {64, 32, 5}), two = fitted(market, shape, {64, 32, 5});
  EXPECT_EQ(one.subspace().map, two.subspace().map);
  const auto views = market.views();
  const auto a = one.embed(views, 1), b = one.embed(views, 3);
  for (std::size_t i = 0; i < views.size(); ++i) EXPECT_EQ(a[i].coordinates, b[i].coordinates);
}

TEST(FeatureSpace, OnePointIsASpaceToo) {
  const auto set = testing::random_set({1, 3, 0.1, 0, 1, false}, 1);
  const compute::ReducedSetView view = set.view();
  const FeatureSpace space = FeatureSpace::fit({&view, 1}, {0.1, 1}, {}, *testing::test_backend()).value();
  EXPECT_EQ(space.coordinates(), 1U);
  EXPECT_NEAR(space.embed({&view, 1}, 1)[0].self, 1, 1e-12);
}

TEST(FeatureSpace, OneAbsurdLearnwareDoesNotSpoilTheSpace) {
  const MarketShape shape = tight_market();
  SceneMarket market = testing::make_market(shape, 0);
  const FeatureSpace before = fitted(market, shape, {96, 48, 1});
  for (double& value : market.sets[7].points.values()) value *= 1e12;
  const FeatureSpace space = fitted(market, shape, {96, 48, 1});
  EXPECT_LT(space.subspace().statistics.residual_share, before.subspace().statistics.residual_share + 0.02);
  EXPECT_GT(2 * space.coordinates(), before.coordinates());
}

TEST(FeatureSpace, RefusesWhatIsNoSample) {
  const auto a = testing::random_set({2, 3, 0.1, 0, 1, false}, 1),
             b = testing::random_set({2, 4, 0.1, 0, 1, false}, 1);
  const compute::ReducedSetView views[] = {a.view(), b.view()};
  const auto backend = testing::test_backend();
  EXPECT_EQ(FeatureSpace::fit({}, {0.1, 1}, {}, *backend).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(FeatureSpace::fit(views, {0.1, 1}, {}, *backend).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(FeatureSpace::fit({views, 1}, {-1, 1}, {}, *backend).error().code, ErrorCode::invalid_argument);
}

/// The measured trap: directions down to 1e-9 of the largest eigenvalue, their map rounded to fp32, and no
/// allowance for it.
Subspace planted_trap(const FeatureSpace& sound) {
  Subspace subspace = sound.subspace();
  const compute::DirectPoints points(std::as_const(subspace.landmarks).view());
  const Matrix<double> gram =
      landmark_gram(points, std::as_const(subspace.landmarks).view(), subspace.kernel, 1);
  const Eigenpairs pairs = eigenpairs(gram).value();
  std::size_t kept = 0;
  while (kept < pairs.values.size() && pairs.values[kept] > 1e-9 * pairs.values[0]) ++kept;
  subspace.map = Matrix<double>(kept, gram.rows());
  for (std::size_t i = 0; i < kept; ++i)
    for (std::size_t s = 0; s < gram.rows(); ++s)
      subspace.map(i, s) =
          static_cast<double>(static_cast<float>(pairs.vectors(i, s) / std::sqrt(pairs.values[i])));
  subspace.middle.assign(kept, 0.0);
  subspace.product_error = 0;
  return subspace;
}

TEST(BoundCheck, PassesASoundIndexAndStopsThePlantedTrap) {
  const MarketShape shape = tight_market();
  const SceneMarket market = testing::make_market(shape, 0);
  const auto backend = testing::test_backend();
  const auto sound = std::make_shared<const FeatureSpace>(fitted(market, shape, {96, 48, 1}));
  const auto trap = std::make_shared<const FeatureSpace>(FeatureSpace::restore(planted_trap(*sound)).value());
  PartOptions options;
  options.prefilter = PrefilterKind::exact_scan;
  const auto items = market.items(0, shape.learnwares);
  const auto good = make_memory_part(sound, items, options, backend).value();
  const auto checked = check_bounds(*good, 8, 1, 1);
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  EXPECT_GT(checked->pairs, 2000U);
  const auto bad = make_memory_part(trap, items, options, backend).value();
  const auto stopped = check_bounds(*bad, 8, 1, 1);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace learndock::engine
