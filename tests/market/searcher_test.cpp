#include "market/searcher.hpp"

#include "learndock/compute/registry.hpp"
#include "learndock/spec/mmd.hpp"

#include "market/compat_scores.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::market {
namespace {

using testing::random_specification;

std::shared_ptr<const compute::Backend> backend(const char* name) {
  return compute::open_backend(name).value();
}

void add(index::Snapshot& snapshot, const std::string& id, std::optional<spec::RkmeSpecification> spec,
         const std::string& name = "", const std::string& scenario = "") {
  auto entry = std::make_shared<index::Entry>();
  entry->sequence = snapshot.entries.size() + 1;
  entry->id = LearnwareId::create(id).value();
  entry->name = name;
  entry->folded_name = index::fold_case(name);
  if (!scenario.empty()) entry->values[static_cast<std::size_t>(spec::SemanticKey::scenario)] = {scenario};
  if (spec) {
    const auto view = spec->view();
    EXPECT_TRUE(
        backend("cpu_reference")->self_inner_products({&view, 1}, {&entry->self_inner, 1}).has_value());
  }
  entry->specification = std::move(spec);
  snapshot.entries.push_back(entry);
}

index::Snapshot random_snapshot(std::size_t count, std::uint64_t seed) {
  index::Snapshot snapshot;
  for (std::size_t i = 0; i < count; ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({5 + i % 7, 3, 0.2, 0.1 * static_cast<double>(i % 20), 1, false}, seed + i));
  return snapshot;
}

SearchRequest request_for(spec::RkmeSpecification spec) {
  SearchRequest request;
  request.specification = std::move(spec);
  return request;
}

TEST(Searcher, OrdersByExactDistanceOnEveryBackend) {
  const auto snapshot = random_snapshot(300, 1);
  auto request = request_for(random_specification({11, 3, 0.2, 0.7, 1, false}, 999));
  request.top = 300;
  std::vector<std::pair<double, std::string>> want;
  for (const auto& entry : snapshot.entries)
    want.emplace_back(
        spec::distance(*entry->specification, *request.specification, *backend("cpu_reference"))->mmd_squared,
        entry->id.text());
  std::sort(want.begin(), want.end());
  for (const auto& [name, tolerance] : {std::pair{"cpu_reference", 1e-9}, std::pair{"cpu", 1e-5}}) {
    const auto answer = search_snapshot(snapshot, request, *backend(name));
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->exact);
    EXPECT_EQ(answer->slack, 0);
    EXPECT_EQ(answer->evaluated, 300u);
    ASSERT_EQ(answer->singles.size(), 300u);
    for (std::size_t i = 0; i < 300; ++i) {
      EXPECT_EQ(answer->singles[i].id.text(), want[i].second) << i;
      EXPECT_NEAR(*answer->singles[i].mmd_squared, want[i].first, tolerance * std::abs(want[i].first));
    }
  }
}

TEST(Searcher, AbsoluteScoreMeansTheSameWhateverElseIsInTheDock) {
  auto snapshot = random_snapshot(20, 5);
  const auto request = request_for(random_specification({11, 3, 0.2, 0.7, 1, false}, 999));
  const double before = *search_snapshot(snapshot, request, *backend("cpu"))->singles[0].score;
  add(snapshot, "far", random_specification({5, 3, 0.2, 50, 1, false}, 1));
  EXPECT_EQ(*search_snapshot(snapshot, request, *backend("cpu"))->singles[0].score, before);
  // Identical specifications score 1, disjoint ones 0.
  index::Snapshot two;
  add(two, "same", *request.specification);
  add(two, "far", random_specification({5, 3, 0.2, 500, 1, false}, 1));
  const auto answer = search_snapshot(two, request, *backend("cpu"));
  EXPECT_NEAR(*answer->singles[0].score, 1, 1e-12);
  EXPECT_NEAR(*answer->singles[1].score, 0, 1e-12);
}

TEST(Searcher, CompatIsTheReferencesSelectionEndToEnd) {
  const auto snapshot = random_snapshot(40, 7);
  auto request = request_for(random_specification({11, 3, 0.2, 0.7, 1, false}, 999));
  request.scores = ScoreMode::compat;
  request.top = 1;  // compat does not cut
  request.mixture = 0;
  const auto answer = search_snapshot(snapshot, request, *backend("cpu_reference"));
  ASSERT_TRUE(answer.has_value());
  std::vector<double> distances;
  for (const auto& entry : snapshot.entries)
    distances.push_back(
        spec::distance(*entry->specification, *request.specification, *backend("cpu_reference"))
            ->mmd_squared);
  std::sort(distances.begin(), distances.end());
  const auto want = compat_selection(distances, std::nullopt).scores;
  ASSERT_EQ(answer->singles.size(), want.size());
  EXPECT_GT(want.size(), 1u);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(*answer->singles[i].score, want[i], 1e-9);
}

TEST(Searcher, TiesFollowInsertionInCompatAndIdInAbsolute) {
  index::Snapshot snapshot;
  const auto same = random_specification({5, 3, 0.2, 0, 1, false}, 1);
  add(snapshot, "b", same);
  add(snapshot, "a", same);
  auto request = request_for(random_specification({5, 3, 0.2, 0, 1, false}, 2));
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles[0].id.text(), "a");
  request.scores = ScoreMode::compat;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles[0].id.text(), "b");
}

TEST(Searcher, SkipsWhatCannotBeComparedAndSaysSo) {
  index::Snapshot snapshot;
  add(snapshot, "good", random_specification({5, 3}, 1));
  add(snapshot, "none", std::nullopt);
  add(snapshot, "dim", random_specification({5, 4}, 1));
  add(snapshot, "gamma", random_specification({5, 3, 0.7}, 1));
  const auto request = request_for(random_specification({5, 3}, 2));
  auto answer = search_snapshot(snapshot, request, *backend("cpu"));
  EXPECT_EQ(answer->singles.size(), 1u);
  EXPECT_EQ(answer->warnings.size(), 3u);
  auto compat = request;
  compat.scores = ScoreMode::compat;
  EXPECT_EQ(search_snapshot(snapshot, compat, *backend("cpu"))->evaluated, 2u)
      << "the reference never compares gammas";
}

TEST(Searcher, FiltersByTagsAndText) {
  index::Snapshot snapshot;
  add(snapshot, "1", std::nullopt, "Wine cultivars", "Nature");
  add(snapshot, "2", std::nullopt, "Handwritten digits", "Computer");
  add(snapshot, "3", std::nullopt, "Handwriting", "Education");
  SearchRequest request;
  request.text = "HANDWR";
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 2u);
  request.semantic.of(spec::SemanticKey::scenario) = {"Education", "Nature"};
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.at(0).id.text(), "3");
  request.text = "wine cultivrs";  // nothing contains it: fuzzy
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.at(0).id.text(), "1");
  request.text = "zzzzqqqq";
  EXPECT_TRUE(search_snapshot(snapshot, request, *backend("cpu"))->singles.empty());
}

TEST(Searcher, SpentBudgetIsToldWithAValidSlack) {
  const auto snapshot = random_snapshot(10'000, 11);
  auto request = request_for(random_specification({200, 3, 0.2, 0.7, 1, false}, 999));
  request.budget = std::chrono::milliseconds(0);
  const auto cut = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(cut.has_value());
  EXPECT_FALSE(cut->exact);
  EXPECT_LT(cut->evaluated, 10'000u);
  request.budget.reset();
  const auto full = search_snapshot(snapshot, request, *backend("cpu"));
  EXPECT_LE(*cut->singles.back().mmd_squared - cut->slack, *full->singles.back().mmd_squared + 1e-12);
}

TEST(Searcher, RefusesBadRequests) {
  const index::Snapshot snapshot;
  SearchRequest request;
  request.top = 0;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::invalid_argument);
  request.top = 10;
  request.mixture = 21;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace learndock::market
