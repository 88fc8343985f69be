#include "query/searcher.hpp"

#include "learndock/specification/mmd.hpp"

#include "query/compat/compat_scores.hpp"
#include "query/snapshot_scene.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::query {
namespace {

using testing::random_specification;

learnwares::Snapshot random_snapshot(std::size_t count, std::uint64_t seed) {
  learnwares::Snapshot snapshot;
  for (std::size_t i = 0; i < count; ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({5 + i % 7, 3, 0.2, 0.1 * static_cast<double>(i % 20), 1, false}, seed + i));
  return snapshot;
}

TEST(Searcher, OrdersByExactDistanceOnEveryBackend) {
  const auto snapshot = random_snapshot(300, 1);
  auto request = request_for(random_specification({11, 3, 0.2, 0.7, 1, false}, 999));
  request.top = 300;
  std::vector<std::pair<double, std::string>> want;
  for (const auto& entry : snapshot.entries)
    want.emplace_back(
        specification::distance(*entry->specification(), *request.specification, *backend("cpu_reference"))
            ->mmd_squared,
        entry->id());
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
  learnwares::Snapshot two;
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
        specification::distance(*entry->specification(), *request.specification, *backend("cpu_reference"))
            ->mmd_squared);
  std::sort(distances.begin(), distances.end());
  const auto want = compat_selection(distances, std::nullopt).scores;
  ASSERT_EQ(answer->singles.size(), want.size());
  EXPECT_GT(want.size(), 1u);
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(*answer->singles[i].score, want[i], 1e-9);
}

TEST(Searcher, TiesFollowInsertionInCompatAndIdInAbsolute) {
  learnwares::Snapshot snapshot;
  const auto same = random_specification({5, 3, 0.2, 0, 1, false}, 1);
  add(snapshot, "b", same);
  add(snapshot, "a", same);
  auto request = request_for(random_specification({5, 3, 0.2, 0, 1, false}, 2));
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles[0].id.text(), "a");
  request.scores = ScoreMode::compat;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles[0].id.text(), "b");
}

TEST(Searcher, SkipsWhatCannotBeComparedAndSaysSo) {
  learnwares::Snapshot snapshot;
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

TEST(Searcher, ComparesOnlyKernelsOfAsManyScales) {
  learnwares::Snapshot snapshot;
  add(snapshot, "one", random_specification({5, 3}, 1));
  for (const std::uint32_t scales : {2U, 3U, 3U})
    add(snapshot, std::to_string(snapshot.entries.size()),
        random_specification({5, 3, 0.1, 0, 1, false, scales}, snapshot.entries.size()));
  auto request = request_for(random_specification({7, 3, 0.1, 0, 1, false, 3}, 9));
  auto answer = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->singles.size(), 2u);
  EXPECT_EQ(messages_of(answer->warnings),
            (std::vector<std::string>{"2 learnwares skipped: scales other than the query's 3"}));
  for (const SingleHit& hit : answer->singles) {
    const auto& entry = *snapshot.entries[static_cast<std::size_t>(hit.id.text()[0] - '0')];
    EXPECT_NEAR(
        *hit.mmd_squared,
        specification::distance(*entry.specification(), *request.specification, *backend("cpu_reference"))
            ->mmd_squared,
        1e-12);
  }
  request = request_for(random_specification({7, 3}, 9));
  answer = search_snapshot(snapshot, request, *backend("cpu"));
  EXPECT_EQ(answer->singles.size(), 1u);
  EXPECT_EQ(messages_of(answer->warnings),
            (std::vector<std::string>{"3 learnwares skipped: scales other than the query's 1"}));
}

TEST(Searcher, CompatKnowsOneScale) {
  learnwares::Snapshot snapshot;
  add(snapshot, "one", random_specification({5, 3}, 1));
  add(snapshot, "two", random_specification({5, 3, 0.1, 0, 1, false, 2}, 2));
  auto request = request_for(random_specification({7, 3}, 9));
  request.scores = ScoreMode::compat;
  const auto answer = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->evaluated, 1u);
  EXPECT_EQ(messages_of(answer->warnings),
            (std::vector<std::string>{
                "1 learnware skipped: kernel of several scales, which compat scores do not know"}));
  request.specification->kernel.scales = 2;
  const auto refused = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::spec_kernel);
  EXPECT_EQ(refused.error().where, "/spec/scales");
}

TEST(Searcher, AMixtureOfSeveralScalesHasTheDistanceItStates) {
  for (const auto method : {MixtureMethod::certified, MixtureMethod::greedy, MixtureMethod::auto_weights}) {
    learnwares::Snapshot snapshot;
    for (std::uint64_t i = 0; i < 12; ++i)
      add(snapshot, std::to_string(i), random_specification({6, 2, 0.1, 0, 1.5, false, 3}, i));
    auto request = request_for(random_specification({30, 2, 0.1, 0, 1, false, 3}, 70));
    request.mixture = 4;
    request.mixture_method = method;
    const auto answer = search_snapshot(snapshot, request, *backend("cpu"));
    ASSERT_TRUE(answer.has_value() && answer->mixture.has_value());
    // The mixture as one specification: its members' points, weights times theirs.
    std::vector<double> points, weights;
    for (const MixtureMember& member : answer->mixture->members) {
      const auto& spec = *snapshot.entries[std::stoul(member.id.text())]->specification();
      points.insert(points.end(), spec.points.values().begin(), spec.points.values().end());
      for (const double weight : spec.weights) weights.push_back(member.weight * weight);
    }
    const std::size_t count = weights.size();
    const auto whole =
        specification::make_table_specification(Matrix<double>(count, 2, points), weights, 0.1, 1, 3).value();
    EXPECT_NEAR(
        answer->mixture->mmd_squared,
        specification::distance(whole, *request.specification, *backend("cpu_reference"))->mmd_squared,
        1e-12);
  }
}

TEST(Searcher, TheDefaultMixtureIsNeverFartherThanTheStepwiseOne) {
  std::size_t differ = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    learnwares::Snapshot snapshot;
    for (std::uint64_t i = 0; i < 40; ++i)
      add(snapshot, std::to_string(i), testing::random_specification({6, 2, 0.3}, 100 * seed + i));
    auto request = request_for(testing::random_specification({30, 2, 0.3}, 7000 + seed));
    request.mixture = 3;
    const auto best = search_snapshot(snapshot, request, *backend("cpu_reference"));
    request.mixture_method = MixtureMethod::greedy;
    const auto stepwise = search_snapshot(snapshot, request, *backend("cpu_reference"));
    ASSERT_TRUE(best.has_value() && stepwise.has_value());
    if (!best->mixture || !stepwise->mixture) continue;
    EXPECT_LE(best->mixture->mmd_squared, stepwise->mixture->mmd_squared + 1e-15) << seed;
    EXPECT_TRUE(best->mixture->gap.has_value());
    differ += best->mixture->mmd_squared < stepwise->mixture->mmd_squared ? 1 : 0;
  }
  EXPECT_GT(differ, 0u) << "the two methods never differed: nothing was tested";
}

TEST(Searcher, FiltersByTagsAndText) {
  learnwares::Snapshot snapshot;
  add(snapshot, "1", std::nullopt, "Wine cultivars", "Nature");
  add(snapshot, "2", std::nullopt, "Handwritten digits", "Computer");
  add(snapshot, "3", std::nullopt, "Handwriting", "Education");
  SearchRequest request;
  request.text = "HANDWR";
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 2u);
  request.semantic.of(specification::SemanticKey::scenario) = {"Education", "Nature"};
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
  const learnwares::Snapshot snapshot;
  SearchRequest request;
  request.top = 0;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::invalid_argument);
  request.top = 10;
  request.mixture = 21;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::invalid_argument);
}

TEST(Searcher, SelfTermsOfAnotherBackendAreNotTrusted) {
  learnwares::Snapshot snapshot;
  learnwares::EntryFields fields;
  fields.id = LearnwareId::create("a").value();
  fields.specification = random_specification({5, 3}, 1);
  fields.self_inner = 77;
  snapshot.entries.push_back(learnwares::make_entry(std::move(fields)));
  snapshot.backend = "cpu_reference";
  const auto request = request_for(random_specification({5, 3}, 1));
  EXPECT_NEAR(*search_snapshot(snapshot, request, *backend("cpu"))->singles[0].mmd_squared, 0, 1e-9);
}

TEST(Searcher, FiltersByDescriptionAndPartOfAnId) {
  learnwares::Snapshot snapshot;
  add(snapshot, "wine-1", std::nullopt, "Model one");
  add(snapshot, "beer-2", std::nullopt, "Model two");
  learnwares::EntryFields described;
  described.id = LearnwareId::create("beer-3").value();
  described.folded_description = text::fold_case("Predicts the GRÖSSE of houses");
  snapshot.entries.push_back(learnwares::make_entry(std::move(described)));
  SearchRequest request;
  request.text = "grösse of";
  ASSERT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 1u);
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles[0].id.text(), "beer-3");
  request.text = "predicts teh grösse";  // fuzzy, in the description
  ASSERT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 1u);
  request.text.clear();
  request.semantic.learnware_id = "beer";
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 2u);
}

TEST(Searcher, TheBudgetAlsoBoundsTheTextSearch) {
  learnwares::Snapshot snapshot;
  for (int i = 0; i < 1000; ++i) add(snapshot, "lw" + std::to_string(i), std::nullopt, "abcdefgh");
  SearchRequest request;
  request.text = "abcdexgh";
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu"))->singles.size(), 10u);
  EXPECT_TRUE(search_snapshot(snapshot, request, *backend("cpu"))->exact);
  request.budget = std::chrono::milliseconds(0);
  const auto cut = search_snapshot(snapshot, request, *backend("cpu"));
  EXPECT_FALSE(cut->exact);
  EXPECT_EQ(cut->warnings.size(), 1u);
  EXPECT_FALSE(cut->singles.empty());
}

TEST(Searcher, TheKernelBlindWarningDoesNotLeadAstray) {
  learnwares::Snapshot snapshot;
  const auto answer = search_snapshot(
      snapshot, request_for(random_specification({5, 3, 0.2, 0, 1e4, false}, 1)), *backend("cpu"));
  ASSERT_EQ(answer->warnings.size(), 1u);
  EXPECT_NE(answer->warnings[0].message.find("Scale the features"), std::string::npos);
  EXPECT_NE(answer->warnings[0].message.find("absolute scores skip"), std::string::npos);
}

}  // namespace
}  // namespace learndock::query
