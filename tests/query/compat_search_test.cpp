// The reference's selection end to end, on scenes small enough to be computed by hand.
#include "query/searcher.hpp"
#include "query/snapshot_scene.hpp"
#include "support/generators.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace learndock::query {
namespace {

using testing::random_specification;

/// Points on a line with gamma = ln 2: k(x, y) = 2^-(x - y)^2, so one apart 1/2, and far apart 0.
specification::RkmeSpecification on_line(std::vector<double> points, std::vector<double> weights) {
  const std::size_t count = points.size();
  return specification::make_table_specification(Matrix<double>(count, 1, std::move(points)),
                                                 std::move(weights), std::numbers::ln2, 10)
      .value();
}

SearchRequest compat_request(specification::RkmeSpecification spec, std::size_t mixture,
                             MixtureMethod method = MixtureMethod::greedy) {
  SearchRequest request = request_for(std::move(spec));
  request.scores = ScoreMode::compat;
  request.mixture = mixture;
  request.mixture_method = method;
  return request;
}

/// A at 0, B at 1, C far off. The user: 3/8 at 0, 3/8 at 1, 1/4 where nobody is.
/// <u,u> = 2 (3/8)^2 + 2 (3/8)^2 / 2 + 1/16 = 31/64; <A,u> = 3/8 + 3/16 = 9/16;
/// d_A = d_B = 1 - 9/8 + 31/64 = 23/64; d_C = 1 + 31/64 = 95/64; (A + B) / 2: 3/4 - 9/8 + 31/64 = 7/64.
class CompatByHand : public ::testing::TestWithParam<std::pair<const char*, MixtureMethod>> {};

TEST_P(CompatByHand, MembersWeightsValuesAndScores) {
  learnwares::Snapshot snapshot;
  add(snapshot, "C", on_line({1000}, {1}));
  add(snapshot, "A", on_line({0}, {1}));
  add(snapshot, "B", on_line({1}, {1}));
  const auto [name, method] = GetParam();
  const auto request = compat_request(on_line({0, 1, -1000}, {0.375, 0.375, 0.25}), 2, method);
  const auto answer = search_snapshot(snapshot, request, *backend(name));
  ASSERT_TRUE(answer.has_value());
  // max 95/64, min 7/64 (the mixture), mean 37/64: epsilon = 37/640; scores (95/64 - d) / (95/64 - 37/640).
  const double range = 95.0 / 64 - 37.0 / 640;
  ASSERT_EQ(answer->singles.size(), 2u) << "C scores 0";
  EXPECT_EQ(answer->singles[0].id.text(), "A") << "ties keep insertion order";
  EXPECT_EQ(answer->singles[1].id.text(), "B");
  for (const SingleHit& hit : answer->singles) {
    EXPECT_NEAR(*hit.mmd_squared, 23.0 / 64, 1e-14);
    EXPECT_NEAR(*hit.score, 72.0 / 64 / range, 1e-13);
  }
  ASSERT_TRUE(answer->mixture.has_value());
  EXPECT_NEAR(answer->mixture->mmd_squared, 7.0 / 64, 1e-12);
  EXPECT_NEAR(answer->mixture->score, 88.0 / 64 / range, 1e-11);
  ASSERT_EQ(answer->mixture->members.size(), 2u);
  EXPECT_EQ(answer->mixture->members[0].id.text(), "A");
  EXPECT_EQ(answer->mixture->members[1].id.text(), "B");
  for (const MixtureMember& member : answer->mixture->members) EXPECT_NEAR(member.weight, 0.5, 1e-9);
  EXPECT_FALSE(answer->mixture->gap.has_value());
}

INSTANTIATE_TEST_SUITE_P(BackendsAndMethods, CompatByHand,
                         ::testing::Values(std::pair{"cpu_reference", MixtureMethod::greedy},
                                           std::pair{"cpu", MixtureMethod::greedy},
                                           std::pair{"cpu", MixtureMethod::auto_weights}));

TEST(CompatSearch, AnExactFitHasNoMixture) {
  learnwares::Snapshot snapshot;
  const auto user = random_specification({40, 5, 0.3, 0, 1, false}, 4);
  add(snapshot, "near", random_specification({20, 5, 0.3, 0, 1, false}, 5));
  add(snapshot, "same", user);
  add(snapshot, "other", random_specification({20, 5, 0.3, 1, 1, false}, 6));
  const auto answer = search_snapshot(snapshot, compat_request(user, 5), *backend("cpu"));
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->mixture.has_value());
  EXPECT_EQ(answer->singles[0].id.text(), "same");
}

TEST(CompatSearch, EveryBackendGivesTheReferencesBits) {
  learnwares::Snapshot snapshot;
  for (std::uint64_t i = 0; i < 60; ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({20 + i % 7, 6, 0.1, 40 + 0.05 * static_cast<double>(i % 20), 1, false},
                             300 + i));
  for (const auto method : {MixtureMethod::greedy, MixtureMethod::auto_weights}) {
    const auto request = compat_request(random_specification({30, 6, 0.1, 40.3, 1, false}, 1), 5, method);
    const auto slow = search_snapshot(snapshot, request, *backend("cpu_reference"));
    const auto fast = search_snapshot(snapshot, request, *backend("cpu"));
    ASSERT_TRUE(slow.has_value() && fast.has_value());
    ASSERT_EQ(fast->singles.size(), slow->singles.size());
    for (std::size_t i = 0; i < slow->singles.size(); ++i) {
      EXPECT_EQ(fast->singles[i].id, slow->singles[i].id);
      EXPECT_EQ(*fast->singles[i].mmd_squared, *slow->singles[i].mmd_squared);
      EXPECT_EQ(*fast->singles[i].score, *slow->singles[i].score);
    }
    ASSERT_EQ(fast->mixture.has_value(), slow->mixture.has_value());
    if (!slow->mixture) continue;
    EXPECT_EQ(fast->mixture->mmd_squared, slow->mixture->mmd_squared);
    ASSERT_EQ(fast->mixture->members.size(), slow->mixture->members.size());
    for (std::size_t i = 0; i < slow->mixture->members.size(); ++i)
      EXPECT_EQ(fast->mixture->members[i].weight, slow->mixture->members[i].weight);
  }
}

TEST(CompatSearch, ManyCandidatesKeepTheReferencesNearestAndFarthest) {
  learnwares::Snapshot snapshot;
  for (std::uint64_t i = 0; i < 5000; ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({3, 2, 0.1, 30 + 0.001 * static_cast<double>(i), 1, false}, i % 2500));
  const auto request = compat_request(random_specification({4, 2, 0.1, 31, 1, false}, 9), 3);
  const auto slow = search_snapshot(snapshot, request, *backend("cpu_reference"));
  const auto fast = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(slow.has_value() && fast.has_value());
  ASSERT_EQ(fast->singles.size(), slow->singles.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(2000, slow->singles.size()); ++i) {
    EXPECT_EQ(fast->singles[i].id, slow->singles[i].id) << i;
    EXPECT_EQ(*fast->singles[i].mmd_squared, *slow->singles[i].mmd_squared) << i;
  }
}

TEST(CompatSearch, ExactDuplicatesTieAndKeepInsertionOrder) {
  learnwares::Snapshot snapshot;
  const auto twin = random_specification({33, 7, 0.1, 20, 1, false}, 1);
  for (int i = 9; i >= 0; --i) {
    add(snapshot, "twin" + std::to_string(i), twin);
    add(snapshot, "x" + std::to_string(i),
        random_specification({10 + static_cast<std::size_t>(i), 7, 0.1, 22, 1, false},
                             50 + static_cast<std::uint64_t>(i)));
  }
  const auto request = compat_request(random_specification({21, 7, 0.1, 20, 1, false}, 2), 0);
  const auto answer = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(answer.has_value());
  ASSERT_GE(answer->singles.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(answer->singles[i].id.text(), "twin" + std::to_string(9 - i));
    EXPECT_EQ(*answer->singles[i].mmd_squared, *answer->singles[0].mmd_squared);
  }
}

TEST(CompatSearch, SkipsWhatHasNoFiniteDistance) {
  learnwares::Snapshot snapshot;
  add(snapshot, "fine", on_line({0}, {1}));
  specification::RkmeSpecification huge = on_line({0}, {1});
  huge.weights = {1e200};
  add(snapshot, "huge", huge);
  const auto answer = search_snapshot(snapshot, compat_request(on_line({1}, {1}), 5), *backend("cpu"));
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->singles.size(), 1u);
  EXPECT_EQ(answer->singles[0].id.text(), "fine");
  ASSERT_FALSE(answer->warnings.empty());
  EXPECT_NE(answer->warnings.back().message.find("not finite"), std::string::npos);
}

TEST(CompatSearch, AnswersWhatTheReferenceAnswers) {
  learnwares::Snapshot snapshot;
  add(snapshot, "a", on_line({0}, {1}));
  add(snapshot, "b", on_line({3}, {1}));
  // Two points in one place whose weights cancel: <u, u> = 0.
  auto request = compat_request(on_line({0, 0}, {1, -1}), 5);
  request.top = 0;  // compat does not cut
  EXPECT_TRUE(search_snapshot(snapshot, request, *backend("cpu")).has_value());
  request.mixture = 100;
  EXPECT_TRUE(search_snapshot(snapshot, request, *backend("cpu")).has_value());
  request.mixture = 101;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().where, "/mixture");
  request.scores = ScoreMode::absolute;
  request.top = 10;
  request.mixture = 5;
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::spec_weights);
}

TEST(CompatSearch, AFailedMixtureLeavesTheSingles) {
  // Two gammas: <A,A> = 1/4, <B,B> = 1, and <A,B> under B's gamma is 1, so the fit's matrix is indefinite.
  const auto four = [](double gamma) {
    return specification::make_table_specification(Matrix<double>(4, 1, {0, 1, 2, 3}),
                                                   {0.25, 0.25, 0.25, 0.25}, gamma, 4)
        .value();
  };
  learnwares::Snapshot snapshot;
  add(snapshot, "A", four(1000));
  add(snapshot, "B", four(1e-9));
  for (const auto method : {MixtureMethod::greedy, MixtureMethod::auto_weights}) {
    const auto request = compat_request(on_line({0, 9}, {0.5, 0.5}), 5, method);
    const auto answer = search_snapshot(snapshot, request, *backend("cpu"));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_FALSE(answer->singles.empty());
  }
}

/// More than a few thousand that were not compared are bounded together.
class CompatSlack : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Learnwares, CompatSlack, ::testing::Values(3000, 20'000));

TEST_P(CompatSlack, HoldsBetweenSeveralGammas) {
  learnwares::Snapshot snapshot;
  for (std::uint64_t i = 0; i < GetParam(); ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({2 + i % 3, 1, i % 2 == 0 ? 50.0 : 1e-4, 0, 1, false}, i));
  auto request = compat_request(random_specification({3, 1, 5, 0, 1, false}, 9), 5);
  const auto full = search_snapshot(snapshot, request, *backend("cpu_reference"));
  request.budget = std::chrono::milliseconds(0);
  const auto cut = search_snapshot(snapshot, request, *backend("cpu_reference"));
  ASSERT_TRUE(full.has_value() && cut.has_value());
  EXPECT_TRUE(full->exact);
  EXPECT_FALSE(cut->exact);
  EXPECT_LT(cut->evaluated, 3000u);
  EXPECT_FALSE(cut->mixture.has_value());
  EXPECT_LE(*cut->singles.back().mmd_squared - cut->slack, *full->singles.front().mmd_squared + 1e-12);
}

TEST(CompatSearch, SlackHoldsForWhatAFilterCutShortNeverFound) {
  learnwares::Snapshot snapshot;
  for (std::uint64_t i = 0; i < 3000; ++i)
    add(snapshot, "lw" + std::to_string(i),
        random_specification({2 + i % 3, 1, i % 2 == 0 ? 50.0 : 1e-4, 0, 1, false}, i), "model of numbers");
  auto request = compat_request(random_specification({3, 1, 5, 0, 1, false}, 9), 0);
  request.text = "modle of nmubers";  // similar, not contained: every text is aligned
  const auto full = search_snapshot(snapshot, request, *backend("cpu_reference"));
  request.budget = std::chrono::milliseconds(0);
  const auto cut = search_snapshot(snapshot, request, *backend("cpu_reference"));
  ASSERT_TRUE(full.has_value() && cut.has_value());
  ASSERT_FALSE(full->singles.empty() || cut->singles.empty());
  EXPECT_FALSE(cut->exact);
  EXPECT_LT(cut->evaluated, 100u);
  EXPECT_LT(*full->singles.front().mmd_squared, 0) << "0 would do as a bound: nothing was tested";
  EXPECT_LE(*cut->singles.back().mmd_squared - cut->slack, *full->singles.front().mmd_squared + 1e-12);
}

TEST(CompatSearch, ReducedSetsThatAreNotComparedAreNotTaken) {
  learnwares::Snapshot snapshot;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    add(snapshot, "lw" + std::to_string(i), random_specification({3, 2, 0.5, 0, 1, false}, i));
    // Neither in memory nor in a part: taking it is an error.
    if (i >= 256) snapshot.entries.back() = learnwares::without_specification(*snapshot.entries.back());
  }
  auto request = compat_request(random_specification({3, 2, 0.5, 0, 1, false}, 5000), 5);
  EXPECT_EQ(search_snapshot(snapshot, request, *backend("cpu")).error().code, ErrorCode::internal);
  request.budget = std::chrono::milliseconds(0);
  const auto cut = search_snapshot(snapshot, request, *backend("cpu"));
  ASSERT_TRUE(cut.has_value()) << cut.error().message;
  EXPECT_EQ(cut->evaluated, 256u);
  EXPECT_GT(cut->slack, 0);
}

}  // namespace
}  // namespace learndock::query
