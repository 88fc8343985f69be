// `exact: true` against brute force in fp64: every hit, every distance, every tie.
#include "engine/search/certified_search.hpp"

#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace learndock::engine {
namespace {

using testing::Filter;
using testing::MarketShape;
using testing::SceneMarket;

/// Comparisons of one run: some seconds by default, as many as asked for the record.
std::size_t comparisons() {
  const char* const wanted = std::getenv("LEARNDOCK_ORACLE_COMPARISONS");
  return wanted == nullptr ? 20'000 : static_cast<std::size_t>(std::strtoull(wanted, nullptr, 10));
}

MarketShape random_shape(std::mt19937_64& random) {
  const auto pick = [&](auto... values) {
    const double all[] = {static_cast<double>(values)...};
    return all[random() % (sizeof all / sizeof all[0])];
  };
  MarketShape shape;
  shape.seed = random();
  shape.learnwares = 1 + random() % 400;
  shape.tasks = 1 + random() % 12;
  shape.dimension = static_cast<std::size_t>(pick(1, 2, 3, 5, 8, 20));
  shape.points = 1 + random() % 9;
  // From kernels that see everything alike to kernels that tell nothing apart.
  shape.gamma = pick(1e-4, 0.01, 0.1, 0.5, 3, 50);
  shape.scales = static_cast<std::uint32_t>(pick(1, 1, 1, 2, 3));
  shape.spread = pick(0, 0.01, 0.3, 1, 3);
  shape.offset = pick(0, 0, 0, 100, 1e7);
  shape.duplicates = pick(0, 0, 0.2, 0.95);
  shape.signed_weights = random() % 4 == 0;
  return shape;
}

/// A dock of one to three parts, each with its own subspace, as segments of different ages have, and a filter
/// that stands for filters and deletions.
struct RandomDock {
  SceneMarket market;
  std::vector<Filter> filters;
  std::vector<FilteredPart> parts;

  RandomDock(const MarketShape& shape, std::size_t queries, std::mt19937_64& random)
      : market(testing::make_market(shape, queries)) {
    const std::size_t pieces = 1 + random() % 3;
    filters.reserve(pieces);
    for (std::size_t p = 0; p < pieces; ++p) {
      const std::size_t first = p * shape.learnwares / pieces,
                        count = (p + 1) * shape.learnwares / pieces - first;
      if (count > 0) add_part(shape, first, count, random);
    }
  }

  void add_part(const MarketShape& shape, std::size_t first, std::size_t count, std::mt19937_64& random) {
    const auto backend = testing::test_backend();
    const auto items = market.items(first, count);
    filters.emplace_back(count, std::vector{0.02, 0.5, 0.9}[random() % 3], random);
    if (random() % 5 == 0)
      return add(testing::unindexed_part(items, {shape.gamma, shape.scales}, shape.dimension), random);
    std::vector<compute::ReducedSetView> sample;
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 60); ++i) sample.push_back(items[i].set);
    const SubspaceOptions subspace{4 + random() % 40, 1 + random() % 32, random()};
    const auto space = std::make_shared<const FeatureSpace>(
        FeatureSpace::fit(sample, {shape.gamma, shape.scales}, subspace, *backend).value());
    PartOptions options;
    constexpr PrefilterKind kKinds[] = {PrefilterKind::exact_scan, PrefilterKind::code_scan,
                                        PrefilterKind::code_scan,  PrefilterKind::faiss_flat,
                                        PrefilterKind::cells,      PrefilterKind::cells,
                                        PrefilterKind::cells};
    options.prefilter = kKinds[random() % std::size(kKinds)];
    options.items_per_cell = 1 + random() % 60;
    options.codes = static_cast<compute::CodeType>(random() % 4);
    add(make_memory_part(space, items, options, backend).value(), random);
  }

  void add(std::shared_ptr<const SearchPart> made, std::mt19937_64& random) {
    FilteredPart part{std::move(made)};
    if (random() % 2 == 0) {
      part.allowed = filters.back().bits.data();
      part.allowed_count = filters.back().count;
    }
    parts.push_back(std::move(part));
  }
};

void expect_same(const std::vector<CertifiedHit>& have, const std::vector<CertifiedHit>& want) {
  ASSERT_EQ(have.size(), want.size());
  for (std::size_t i = 0; i < have.size(); ++i) {
    ASSERT_EQ(std::pair(have[i].part, have[i].item), std::pair(want[i].part, want[i].item)) << "hit " << i;
    ASSERT_EQ(have[i].mmd_squared, want[i].mmd_squared) << "hit " << i;
  }
}

TEST(CertifiedSearch, ExactIsNeverWrongOnRandomDocks) {
  std::mt19937_64 random(20'261'125);
  constexpr std::size_t kQueries = 25;
  const auto backend = testing::test_backend();
  std::size_t exact = 0, evaluated = 0, all = 0;
  const std::size_t wanted = comparisons();
  for (std::size_t done = 0; done < wanted; done += kQueries) {
    const MarketShape shape = random_shape(random);
    SCOPED_TRACE(::testing::Message() << "dock after " << done << " comparisons, gamma " << shape.gamma
                                      << ", d " << shape.dimension << ", N " << shape.learnwares);
    const RandomDock dock(shape, kQueries, random);
    const auto queries = std::span(dock.market.sets).subspan(shape.learnwares);
    std::vector<compute::ReducedSetView> views;
    for (const auto& query : queries) views.push_back(query.view());
    CertifiedOptions options;
    options.top = 1 + random() % 12;
    options.first_extra = random() % 20;
    options.evaluate_all = random() % 20;
    // Fp32 products before the last evaluations, or not.
    options.backend = random() % 2 == 0 ? backend.get() : nullptr;
    options.tighten_from = 1;
    const auto answers = certified_search(dock.parts, views, options).value();
    for (std::size_t q = 0; q < kQueries; ++q) {
      ASSERT_TRUE(answers[q].exact);
      ASSERT_EQ(answers[q].slack, 0);
      expect_same(answers[q].hits, testing::brute_force(dock.parts, views[q], options.top));
      if (HasFatalFailure()) return;
      exact += answers[q].exact ? 1U : 0U;
      evaluated += answers[q].evaluated;
      all += shape.learnwares;
    }
  }
  RecordProperty("comparisons", static_cast<int>(exact));
  RecordProperty("evaluated_of_1000", static_cast<int>(1000 * evaluated / std::max<std::size_t>(all, 1)));
}

struct LargeDock {
  MarketShape shape;
  SceneMarket market;
  std::vector<FilteredPart> parts;

  explicit LargeDock(compute::CodeType codes) {
    shape.learnwares = 3000;
    shape.tasks = 60;
    shape.dimension = 6;
    shape.points = 8;
    market = testing::make_market(shape, 20);
    const auto backend = testing::test_backend();
    const auto views = market.views();
    const auto space = std::make_shared<const FeatureSpace>(
        FeatureSpace::fit(std::span(views).first(600), {shape.gamma, 1}, {128, 48, 3}, *backend).value());
    PartOptions options;
    options.codes = codes;
    parts = {{make_memory_part(space, market.items(0, shape.learnwares), options, backend).value()}};
  }
  [[nodiscard]] compute::ReducedSetView query(std::size_t q) const {
    return market.sets[shape.learnwares + q].view();
  }
};

TEST(CertifiedSearch, EvaluatesFewOfManyAndTheSameWithThreads) {
  const LargeDock dock(compute::CodeType::int4);
  for (std::size_t q = 0; q < 20; ++q) {
    const compute::ReducedSetView query = dock.query(q);
    CertifiedOptions options;
    const auto one = certified_search(dock.parts, {&query, 1}, options).value()[0];
    options.threads = 3;
    const auto three = certified_search(dock.parts, {&query, 1}, options).value()[0];
    EXPECT_TRUE(one.exact && three.exact);
    EXPECT_LT(one.evaluated, 600U);
    expect_same(one.hits, testing::brute_force(dock.parts, query, options.top));
    expect_same(three.hits, one.hits);
  }
}

TEST(CertifiedSearch, ABudgetOfEvaluationsIsKeptAndTheSlackIsTrue) {
  const LargeDock dock(compute::CodeType::int8);
  std::size_t cut_short = 0;
  for (std::size_t q = 0; q < 20; ++q) {
    const compute::ReducedSetView query = dock.query(q);
    for (const std::size_t most : {0U, 1U, 5U, 10U, 13U, 40U}) {
      CertifiedOptions options;
      options.max_evaluations = most;
      const auto answer = certified_search(dock.parts, {&query, 1}, options).value()[0];
      EXPECT_LE(answer.evaluated, most);
      if (answer.exact) {
        expect_same(answer.hits, testing::brute_force(dock.parts, query, options.top));
        continue;
      }
      ++cut_short;
      if (answer.hits.empty()) continue;
      // Nothing that was left out lies lower than the last hit by more than the slack.
      const auto is_hit = [&](const CertifiedHit& hit) {
        return std::any_of(answer.hits.begin(), answer.hits.end(),
                           [&](const CertifiedHit& known) { return known.item == hit.item; });
      };
      const auto truth = testing::brute_force(dock.parts, query, dock.shape.learnwares);
      const auto left_out = std::find_if_not(truth.begin(), truth.end(), is_hit);
      EXPECT_GE(left_out->mmd_squared, answer.hits.back().mmd_squared - answer.slack - 1e-12);
    }
  }
  EXPECT_GT(cut_short, 20U);
}

TEST(CertifiedSearch, APastDeadlineEndsAfterAFirstLookWithoutAClaim) {
  const LargeDock dock(compute::CodeType::int8);
  const compute::ReducedSetView query = dock.query(0);
  CertifiedOptions options;
  options.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  const auto answer = certified_search(dock.parts, {&query, 1}, options).value()[0];
  EXPECT_FALSE(answer.exact);
  EXPECT_GT(answer.evaluated, 0U);
  EXPECT_LT(answer.evaluated, 20U);
  EXPECT_FALSE(answer.hits.empty());
  // A part of which nothing is allowed is no first look.
  std::vector<FilteredPart> parts = dock.parts;
  const std::vector<std::uint64_t> none((parts[0].part->count() + 63) / 64, 0);
  parts.insert(parts.begin(), FilteredPart{parts[0].part, none.data(), 0});
  const auto second = certified_search(parts, {&query, 1}, options).value()[0];
  EXPECT_FALSE(second.hits.empty());
}

TEST(CertifiedSearch, QueriesOfAbsurdWeightsAreStillAnsweredExactly) {
  const LargeDock dock(compute::CodeType::int4);
  for (const double factor : {1e-200, 1e-20, 1e-4, 50.0, 1e4, 1e19, 1e60, 1e140}) {
    testing::WeightedSet scaled = dock.market.sets[dock.shape.learnwares];
    for (double& weight : scaled.weights) weight *= factor;
    const compute::ReducedSetView query = scaled.view();
    const auto answer = certified_search(dock.parts, {&query, 1}, {}).value()[0];
    EXPECT_TRUE(answer.exact) << factor;
    expect_same(answer.hits, testing::brute_force(dock.parts, query, 10));
  }
}

TEST(CertifiedSearch, LearnwaresOfAbsurdWeightsAreNoItemsOfParts) {
  const LargeDock dock(compute::CodeType::int4);
  testing::WeightedSet huge = dock.market.sets[0];
  for (double& weight : huge.weights) weight *= 1e6;
  const ItemContent item{"huge", huge.view()};
  const std::shared_ptr<const FeatureSpace> space(dock.parts[0].part, dock.parts[0].part->space());
  EXPECT_EQ(make_memory_part(space, {&item, 1}, {}, testing::test_backend()).error().code,
            ErrorCode::invalid_argument);
}

TEST(CertifiedSearch, NothingToSearchIsAnExactEmptyAnswer) {
  const LargeDock dock(compute::CodeType::int8);
  const compute::ReducedSetView query = dock.query(0);
  const auto none = certified_search({}, {&query, 1}, {}).value();
  ASSERT_EQ(none.size(), 1U);
  EXPECT_TRUE(none[0].exact && none[0].hits.empty());
  const std::vector<std::uint64_t> nothing((dock.shape.learnwares + 63) / 64);
  const FilteredPart filtered{dock.parts[0].part, nothing.data(), 0};
  const auto answer = certified_search({&filtered, 1}, {&query, 1}, {}).value()[0];
  EXPECT_TRUE(answer.exact && answer.hits.empty());
}

TEST(CertifiedSearch, AnotherDimensionIsRefused) {
  const LargeDock dock(compute::CodeType::int8);
  const auto other = testing::random_set({4, 7, 0.1, 0, 1, false}, 1);
  const compute::ReducedSetView query = other.view();
  const auto answer = certified_search(dock.parts, {&query, 1}, {});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::spec_dimension);
}

}  // namespace
}  // namespace learndock::engine
