// Members from a pool: what is proved of the learnwares outside holds for every one of them.
#include "engine/mixture/choose_from_pool.hpp"

#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

namespace learndock::engine {
namespace {

using testing::Filter;

struct PooledDock {
  testing::MarketShape shape;
  testing::SceneMarket market;
  std::vector<Filter> filters;
  std::vector<FilteredPart> parts;

  explicit PooledDock(std::uint64_t seed) {
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
    for (const ItemContent& item : items) sample.push_back(item.set);
    const auto space = std::make_shared<const FeatureSpace>(
        FeatureSpace::fit(sample, {shape.gamma, shape.scales}, {30, 4 + seed % 16, seed}, *backend).value());
    PartOptions options;
    options.codes = static_cast<compute::CodeType>(seed % 4);
    constexpr PrefilterKind kKinds[] = {PrefilterKind::exact_scan, PrefilterKind::cells,
                                        PrefilterKind::code_scan, PrefilterKind::faiss_flat};
    options.prefilter = kKinds[seed / 4 % std::size(kKinds)];
    filters.emplace_back(count, 0.5, random);
    parts.push_back({make_memory_part(space, items, options, backend).value()});
    if (seed % 2 == 0) {
      parts.back().allowed = filters.back().bits.data();
      parts.back().allowed_count = filters.back().count;
    }
  }

  [[nodiscard]] CertifiedHit some_allowed(std::mt19937_64& random) const {
    while (true) {
      const std::size_t part = random() % parts.size();
      const auto item = PartItem::at(random() % parts[part].part->count());
      if (parts[part].allows(item)) return {part, item, 0};
    }
  }

  /// The best alignment of all that is allowed.
  [[nodiscard]] double most_aligned(const MixtureState& state) const {
    double most = -1e300;
    std::vector<double> memory;
    for (const FilteredPart& part : parts)
      for (PartItem item; item.index() < part.part->count(); ++item)
        if (part.allows(item))
          most = std::max(most, state.alignment(part.part->set(item, memory).value()).value());
    return most;
  }
};

TEST(ChoiceFromPool, NothingOutsideThePoolIsAlignedBetterThanItSays) {
  std::size_t proved = 0, tight = 0, better = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    const PooledDock dock(seed);
    std::mt19937_64 random(seed);
    const compute::ReducedSetView user = dock.market.sets[300 + seed % 3].view();
    MixtureOptions options;
    options.pool = {1 + seed % 30, seed % 7, seed % 11 == 0 ? 200U : 0U};
    MixtureState state(dock.parts, user, options);
    ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
    ASSERT_TRUE(ChoiceFromPool::is_possible(state, options.pool));
    ChoiceFromPool pool(options);
    for (std::size_t round = 0; round < 6; ++round) {
      const NextMember step = pool.next(state, SIZE_MAX).value();
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
  EXPECT_GT(proved, 36U);
  EXPECT_GT(tight, 18U);
  EXPECT_GT(better, 48U);
}

/// Rows that there was no time for are forgotten, and taken again later.
TEST(ChoiceFromPool, WhateverTimeThereIsNothingOutsideIsAlignedBetter) {
  std::size_t proved = 0, cut = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const PooledDock dock(seed);
    std::mt19937_64 random(seed);
    const compute::ReducedSetView user = dock.market.sets[300 + seed % 3].view();
    MixtureOptions options;
    options.pool = {random() % 30, random() % 7, random() % 4 == 0 ? 300U : 0U};
    options.threads = 1 + seed % 2;
    MixtureState state(dock.parts, user, options);
    ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
    ChoiceFromPool pool(options);
    for (std::size_t round = 0; round < 10; ++round) {
      const auto now = std::chrono::steady_clock::now();
      options.deadline.reset();
      if (random() % 4 == 0) options.deadline = now;
      if (random() % 4 == 0) options.deadline = now + std::chrono::microseconds(random() % 3000);
      const NextMember step = pool.next(state, random() % 3 == 0 ? random() % 100 : SIZE_MAX).value();
      const double most = dock.most_aligned(state);
      ASSERT_GE(step.most, most - 1e-11) << "seed " << seed << ", round " << round;
      ASSERT_LE(step.seen, most + 1e-11);
      (step.most < 1e300 ? proved : cut) += 1;
      if (!step.next) continue;
      ASSERT_TRUE(dock.parts[step.next->part].allows(step.next->item));
      ASSERT_FALSE(state.has(*step.next));
      ASSERT_TRUE(state.add(*step.next).has_value());
    }
  }
  EXPECT_GT(proved, 50U);
  EXPECT_GT(cut, 25U);
}

/// A part whose scans of alignments end before they have read everything.
class CutPart final : public SearchPart {
 public:
  explicit CutPart(std::shared_ptr<const SearchPart> whole) : whole_(std::move(whole)), cut_(*whole_) {}
  std::size_t dimension() const override { return whole_->dimension(); }
  const compute::Kernel& kernel() const override { return whole_->kernel(); }
  const FeatureSpace* space() const override { return whole_->space(); }
  const Prefilter& prefilter() const override { return whole_->prefilter(); }
  Result<const Prefilter*> alignment_prefilter() const override { return &cut_; }
  double alignment_norm() const override { return whole_->alignment_norm(); }
  double largest_residual() const override { return whole_->largest_residual(); }
  std::size_t count() const override { return whole_->count(); }
  Result<compute::ReducedSetView> set(PartItem item, std::vector<double>& memory) const override {
    return whole_->set(item, memory);
  }
  double self(PartItem item) const override { return whole_->self(item); }
  std::string_view id(PartItem item) const override { return whole_->id(item); }
  double largest_mass() const override { return whole_->largest_mass(); }

 private:
  /// The worst of the part, and no word of the others.
  class Cut final : public Prefilter {
   public:
    explicit Cut(const SearchPart& whole) : whole_(*whole.alignment_prefilter().value()) {}
    std::string name() const override { return "cut"; }
    std::size_t count() const override { return whole_.count(); }
    Result<bool> smallest(const PrefilterJob& job, MatrixView<compute::ScanHit> out,
                          std::span<std::size_t> counts) const override {
      Matrix<compute::ScanHit> all(1, count());
      LEARNDOCK_CHECK(whole_.smallest(job, all.view(), counts).map([](bool) {}));
      counts[0] = std::min(counts[0], out.cols());
      for (std::size_t i = 0; i < counts[0]; ++i) out(0, i) = all(0, count() - counts[0] + i);
      return false;
    }
    Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds,
                        MatrixView<compute::ScanHit> out, std::span<std::size_t> counts) const override {
      return whole_.within(job, thresholds, out, counts);
    }

   private:
    const Prefilter& whole_;
  };
  std::shared_ptr<const SearchPart> whole_;
  Cut cut_;
};

TEST(ChoiceFromPool, AScanThatWasCutProvesNothing) {
  PooledDock dock(7);
  for (FilteredPart& part : dock.parts) part.part = std::make_shared<const CutPart>(part.part);
  std::mt19937_64 random(7);
  const compute::ReducedSetView user = dock.market.sets[300].view();
  MixtureOptions options;
  options.pool = {5, 0, 0};
  MixtureState state(dock.parts, user, options);
  ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
  EXPECT_GE(ChoiceFromPool(options).next(state, SIZE_MAX).value().most, dock.most_aligned(state));
}

/// Masses whose products a float holds badly or not at all.
TEST(ChoiceFromPool, AbsurdWeightsAreLeftToOtherWays) {
  for (const double factor : {1e-22, 1e-30, -1e39, 1e39}) {
    testing::MarketShape shape;
    auto market = testing::make_market(shape, 1);
    for (double& weight : market.sets[shape.learnwares].weights) weight *= factor;
    const std::vector<FilteredPart> parts{
        {testing::unindexed_part(market.items(0, shape.learnwares), {shape.gamma, 1}, shape.dimension)}};
    const compute::ReducedSetView user = market.sets[shape.learnwares].view();
    const MixtureState state(parts, user, {});
    EXPECT_FALSE(ChoiceFromPool::is_possible(state, {})) << factor;
  }
}

TEST(ChoiceFromPool, WholePartsKnowTheBestAlignmentAndTheBestRefit) {
  const PooledDock dock(6);
  std::mt19937_64 random(6);
  const compute::ReducedSetView user = dock.market.sets[301].view();
  MixtureOptions options;
  MixtureState state(dock.parts, user, options);
  ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
  const NextMember step = ChoiceFromPool(options).next(state, SIZE_MAX).value();
  EXPECT_NEAR(step.most, dock.most_aligned(state), 1e-12);
  ASSERT_TRUE(step.next.has_value());
  double best = 1e300;
  for (std::size_t p = 0; p < dock.parts.size(); ++p)
    for (PartItem item; item.index() < dock.parts[p].part->count(); ++item) {
      if (!dock.parts[p].allows(item)) continue;
      MixtureState other(dock.parts, user, options);
      ASSERT_TRUE(other.add(state.hit(0)).has_value());
      ASSERT_TRUE(other.add({p, item, 0}).has_value());
      best = std::min(best, other.mmd_squared());
    }
  ASSERT_TRUE(state.add(*step.next).has_value());
  EXPECT_NEAR(state.mmd_squared(), best, 1e-6);
}

TEST(ChoiceFromPool, ABudgetOfEvaluationsEndsTheProofNotTheMixture) {
  const PooledDock dock(7);
  std::mt19937_64 random(7);
  const compute::ReducedSetView user = dock.market.sets[300].view();
  for (const std::size_t whole : {0U, 1000U}) {
    MixtureOptions options;
    options.pool.whole_part = whole;
    MixtureState state(dock.parts, user, options);
    ASSERT_TRUE(state.add(dock.some_allowed(random)).has_value());
    const NextMember step = ChoiceFromPool(options).next(state, 20).value();
    EXPECT_EQ(step.evaluated, 20U);
    EXPECT_GE(step.most, dock.most_aligned(state));
  }
}

}  // namespace
}  // namespace learndock::engine
