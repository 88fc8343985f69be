#include "query/compat/compat_scores.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::query {
namespace {

using Values = std::vector<double>;

void expect_scores(const Values& distances, const Values& want, double tolerance) {
  const Values have = compat_scores(distances);
  ASSERT_EQ(have.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(have[i], want[i], tolerance) << i;
}

TEST(CompatScores, PublishedExamples) {
  expect_scores({0.1, 0.2, 0.5}, {0.92, 0.70, 0}, 1e-12);
  expect_scores({0.90, 0.95, 1.00}, {0.92, std::sqrt(0.46), 0}, 1e-12);
}

TEST(CompatScores, BestBelowATenthOfTheAverageScoresOne) {
  // average 0.5, epsilon 0.05 > min 0.01 -> epsilon = 0.01: best = 1.
  expect_scores({0.01, 0.99}, {1, 0}, 1e-12);
}

TEST(CompatScores, EqualDistancesAllScoreOne) { expect_scores({0.3, 0.3}, {1, 1}, 0); }

TEST(CompatSelection, KeepsAtLeastOneAndCutsAtSixTenths) {
  const auto selection = compat_selection(Values{0.1, 0.2, 0.5}, std::nullopt);
  EXPECT_EQ(selection.scores.size(), 2u);
  EXPECT_FALSE(selection.mixture_score.has_value());
  EXPECT_EQ(compat_selection(Values{0.4}, std::nullopt).scores, Values{1.0});
  EXPECT_TRUE(compat_selection({}, std::nullopt).scores.empty());
}

TEST(CompatSelection, MixtureNoBetterInWholePerCentsIsDropped) {
  // Both score 0.92 in whole per cents.
  EXPECT_FALSE(compat_selection(Values{0.1, 0.2, 0.5}, 0.1).mixture_score.has_value());
  const auto better = compat_selection(Values{0.2, 0.3, 0.5}, 0.1);
  ASSERT_TRUE(better.mixture_score.has_value());
  EXPECT_NEAR(*better.mixture_score, 0.92, 1e-12);
}

TEST(CompatSelection, AWeakBestIsRaisedWithTheMixture) {
  // With a far better mixture the best single falls under 0.6: it is shown as 0.6 and the mixture is raised,
  // at most to 1.
  const auto selection = compat_selection(Values{0.8, 1.0}, 0.1);
  const Values raw = compat_scores(Values{0.8, 1.0, 0.1});
  ASSERT_LT(raw[0], 0.6);
  ASSERT_EQ(selection.scores.size(), 1u);
  EXPECT_EQ(selection.scores[0], 0.6);
  EXPECT_NEAR(*selection.mixture_score, std::min(1.0, raw[2] * 0.6 / raw[0]), 1e-12);
}

}  // namespace
}  // namespace learndock::query
