// Trials of the search: what they report of tiny markets, from every source of learnwares.
#include "trial/search_trial.hpp"

#include "learndock/specification/codec.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_backend.hpp"
#include "trial/region_sets.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace learndock::trial {
namespace {

using testing::TemporaryFolder;

SyntheticOptions tiny_market(MarketKind kind) {
  SyntheticOptions options;
  options.kind = kind;
  options.tasks = 40;
  options.dimension = 4;
  options.points = 5;
  return options;
}

TrialOptions tiny_trial() {
  TrialOptions options;
  options.learnwares = 700;
  options.queries = 12;
  options.top = 4;
  options.compared = 6;
  options.repeats = 2;
  options.threads = 2;
  options.subspace = {60, 32, 0};
  return options;
}

TEST(SearchTrial, ReportsAProvedSearchOfATinyMarket) {
  const auto sets = synthetic_sets(tiny_market(MarketKind::clustered));
  const TrialReport report = run_search_trial(*sets, tiny_trial()).value();
  EXPECT_EQ(report.learnwares, 700U);
  EXPECT_EQ(report.dimension, 4U);
  EXPECT_EQ(report.gamma, 0.125);
  EXPECT_EQ(report.certified_share, 1);
  EXPECT_EQ(report.compared, 6U);
  EXPECT_EQ(report.equal_share, 1);
  EXPECT_GT(report.bounds_checked, 0U);
  ASSERT_TRUE(report.build.has_value());
  EXPECT_GT(report.build->rate, 0);
  // The bounds prune, the answer itself is always left, and all that is left was evaluated.
  EXPECT_GE(report.left.median, 4);
  EXPECT_LT(report.left.max, 700);
  EXPECT_GE(report.evaluated.median, report.left.median);
  EXPECT_GT(report.last_mmd_squared.median, 0);
  EXPECT_FALSE(report.mixtures.has_value());
}

TEST(SearchTrial, SizesAreThoseOfTheFormat) {
  const auto sets = synthetic_sets(tiny_market(MarketKind::clustered));
  const TrialReport report = run_search_trial(*sets, tiny_trial()).value();
  // 22 blocks of 32; a byte a padded coordinate, five floats; norm, key, eight letters of id, two
  // starts.
  const double blocks = 22.0 * 32 / 700;
  EXPECT_DOUBLE_EQ(report.size.codes, blocks * static_cast<double>((report.coordinates + 3) / 4 * 4));
  EXPECT_DOUBLE_EQ(report.size.factors, blocks * 20);
  EXPECT_NEAR(report.size.tables, 40, 0.05);
  EXPECT_DOUBLE_EQ(report.size.reduced_sets, 8 + 5 * 8 + 5 * 4 * 4);
}

TEST(SearchTrial, NothingCanBePrunedAmongEqualDistances) {
  const auto sets = synthetic_sets(tiny_market(MarketKind::equal_distances));
  const TrialReport report = run_search_trial(*sets, tiny_trial()).value();
  EXPECT_EQ(report.certified_share, 1);
  EXPECT_EQ(report.equal_share, 1);
  EXPECT_EQ(report.evaluated.median, 700);
  EXPECT_EQ(report.left.median, 700);
}

TEST(SearchTrial, NearDuplicatesAreToldApart) {
  const auto sets = synthetic_sets(tiny_market(MarketKind::near_duplicates));
  const TrialReport report = run_search_trial(*sets, tiny_trial()).value();
  EXPECT_EQ(report.equal_share, 1);
}

TEST(SearchTrial, AKeptSegmentIsSearchedAgainWithTheSameFigures) {
  const TemporaryFolder folder;
  TrialOptions options = tiny_trial();
  options.file = folder.path() / "market.lds";
  const auto sets = synthetic_sets(tiny_market(MarketKind::clustered));
  const TrialReport first = run_search_trial(*sets, options).value();
  const TrialReport again = run_search_trial(*sets, options).value();
  EXPECT_TRUE(first.build.has_value());
  EXPECT_FALSE(again.build.has_value());
  EXPECT_EQ(first.evaluated.max, again.evaluated.max);
  EXPECT_EQ(first.last_mmd_squared.max, again.last_mmd_squared.max);

  options.learnwares = 600;
  const auto other = run_search_trial(*sets, options);
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(other.error().message.find("700"), std::string::npos);
}

TEST(SearchTrial, BlendedQueriesGetMixturesWithAGap) {
  TrialOptions options = tiny_trial();
  options.mixture_members = 6;
  const auto sets = synthetic_sets(tiny_market(MarketKind::clustered));
  const TrialReport report = run_search_trial(*sets, options).value();
  ASSERT_TRUE(report.mixtures.has_value());
  EXPECT_EQ(report.mixtures->count, 4U);
  EXPECT_GT(report.mixtures->members.median, 1);
  EXPECT_LT(report.mixtures->mmd_squared.median, report.last_mmd_squared.median);
  EXPECT_GE(report.mixtures->gap_of_query.median, 0);
  EXPECT_LT(report.mixtures->gap_of_query.max, 1);
}

TEST(SearchTrial, QuantilesAreNearestRanks) {
  std::vector<double> values(200);
  std::iota(values.rbegin(), values.rend(), 1.0);
  const Quantiles quantiles = Quantiles::of(values);
  EXPECT_EQ(quantiles.median, 100);
  EXPECT_EQ(quantiles.p95, 190);
  EXPECT_EQ(quantiles.p99, 198);
  EXPECT_EQ(quantiles.max, 200);
  EXPECT_EQ(Quantiles::of(std::vector<double>{7}).p99, 7);
  EXPECT_EQ(Quantiles::of({}).median, 0);
}

TEST(SearchTrial, NumbersOfNothingAreRefused) {
  const auto sets = synthetic_sets(tiny_market(MarketKind::clustered));
  for (const auto member :
       {&TrialOptions::learnwares, &TrialOptions::queries, &TrialOptions::top, &TrialOptions::repeats}) {
    TrialOptions options = tiny_trial();
    options.*member = 0;
    const auto report = run_search_trial(*sets, options);
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::invalid_argument);
  }
}

Matrix<float> tiny_table() {
  std::mt19937_64 random(3);
  std::normal_distribution<float> normal;
  Matrix<float> table(300, 3);
  for (std::size_t i = 0; i < table.rows(); ++i) {
    table(i, 0) = 1000 + 50 * normal(random);
    table(i, 1) = 7;
    table(i, 2) = normal(random);
  }
  table(5, 0) = std::numeric_limits<float>::quiet_NaN();
  return table;
}

TEST(RegionSets, AreStandardisedRegionsDrawnByNumber) {
  const auto sets = region_sets(tiny_table().view(), {6, std::nullopt, 1}, testing::test_backend()).value();
  EXPECT_GT(sets->gamma(), 0.1);
  EXPECT_LT(sets->gamma(), 1);
  const OwnedSet set = sets->learnware(3).value(), same = sets->learnware(3).value(),
                 next = sets->learnware(4).value(), query = sets->query(3).value();
  EXPECT_EQ(set.points.values(), same.points.values());
  EXPECT_NE(set.points.values(), next.points.values());
  EXPECT_NE(set.points.values(), query.points.values());
  EXPECT_EQ(set.points.rows(), 6U);
  EXPECT_NEAR(std::accumulate(set.weights.begin(), set.weights.end(), 0.0), 1, 1e-9);
  for (std::size_t i = 0; i < set.points.rows(); ++i) {
    EXPECT_LT(std::abs(set.points(i, 0)), 6);  // not around 1000
    EXPECT_EQ(set.points(i, 1), 0);            // a constant column tells nothing
  }
}

TEST(RegionSets, AreSearchedLikeAnyMarket) {
  const auto sets = region_sets(tiny_table().view(), {6, 0.5, 1}, testing::test_backend()).value();
  EXPECT_EQ(sets->gamma(), 0.5);
  const TrialReport report = run_search_trial(*sets, tiny_trial()).value();
  EXPECT_EQ(report.certified_share, 1);
  EXPECT_EQ(report.equal_share, 1);
}

TEST(RegionSets, NeedEnoughRows) {
  const Matrix<float> table = tiny_table();
  const auto few = region_sets(table.view().block(0, 20), {6, 0.5, 1}, testing::test_backend());
  ASSERT_FALSE(few.has_value());
  EXPECT_EQ(few.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(few.error().fix, "take at most 5 points");
  EXPECT_EQ(region_sets({}, {}, testing::test_backend()).error().code, ErrorCode::table_empty);
}

std::string line_of(double gamma, float first) {
  Matrix<double> points(2, 1);
  points(0, 0) = static_cast<double>(first);
  points(1, 0) = 1.5;
  return specification::to_json_text(
      specification::make_table_specification(std::move(points), {0.5, 0.5}, gamma, 10).value());
}

TEST(ListedSets, LastSpecificationsAreTheQueries) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "some.jsonl";
  std::string text;
  for (int i = 0; i < 400; ++i)
    text += i % 2 == 0
                ? line_of(0.5, 0.01F * static_cast<float>(i)) + "\n"
                : R"({"semantic": {}, "stat": )" + line_of(0.5, 0.01F * static_cast<float>(i)) + "}\n\n";
  ASSERT_TRUE(io::write_file_atomically(file, text).has_value());
  const auto sets = listed_sets(file).value();
  EXPECT_EQ(sets->available(), 400U);
  EXPECT_EQ(sets->learnware(1).value().points(0, 0), static_cast<double>(0.01F));
  EXPECT_EQ(sets->query(0).value().points(0, 0), static_cast<double>(0.01F * 399));
  TrialOptions options = tiny_trial();
  options.learnwares = 388;
  EXPECT_EQ(run_search_trial(*sets, options).value().equal_share, 1);
  options.learnwares = 389;
  const auto more = run_search_trial(*sets, options);
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, ErrorCode::invalid_argument);
}

TEST(ListedSets, BrokenFilesSayTheLine) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "some.jsonl";
  const auto failure = [&](const std::string& text) {
    EXPECT_TRUE(io::write_file_atomically(file, text).has_value());
    return listed_sets(file).error();
  };
  const Error other = failure(line_of(0.5, 1) + "\n" + line_of(0.25, 1) + "\n");
  EXPECT_EQ(other.code, ErrorCode::spec_dimension);
  EXPECT_NE(other.where.find("line 2"), std::string::npos);
  EXPECT_NE(failure(line_of(0.5, 1) + "\nnot json\n").where.find("line 2"), std::string::npos);
  EXPECT_EQ(failure("\n").code, ErrorCode::invalid_argument);
  EXPECT_EQ(listed_sets(folder.path() / "absent").error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace learndock::trial
