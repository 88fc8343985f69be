// A reindex that chooses the kernels: the same answers as comparing every learnware under them, while the
// catalogue and compat scores keep the learnwares' own gammas.
#include "learndock/compute/registry.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/reindex/reindex.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/parallel.hpp"
#include "dock/import_line.hpp"
#include "engine/search_scene.hpp"
#include "reindex/reindex_kernels.hpp"
#include "specification/space_kernels.hpp"
#include "store/index_store.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace learndock::reindex {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::MarketShape;
using ::testing::Not;
using testing::SceneMarket;

constexpr double kNarrow = 0.1, kWide = 0.37, kBlind = 500;

GammaChoice choice(const char* text) { return gamma_choice_of(text).value(); }

/// Learnwares of dimension 4 made with one of two gammas in turn, and of dimension 3 with one that sees
/// nothing.
class RekernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    mixed_ = testing::make_market(shape(4), 20);
    for (std::size_t i = 0; i < mixed_.sets.size(); ++i) mixed_.sets[i].gamma = i % 2 == 0 ? kNarrow : kWide;
    blind_ = testing::make_market(shape(3), 20);
    for (auto& set : blind_.sets) set.gamma = kBlind;
    ASSERT_TRUE(dock::Dock::create(dock()).has_value());
    add(*open(), 0, 200);
    options_.landmarks = 48;
    options_.coordinates = 24;
    options_.smallest_space = 60;
    options_.range_records = 250;
    options_.threads = 1;
  }

  static MarketShape shape(std::size_t dimension) {
    MarketShape shape;
    shape.learnwares = 300;
    shape.dimension = dimension;
    shape.seed = dimension;
    return shape;
  }

  fs::path dock() const { return folder_.path() / "dock"; }
  std::unique_ptr<dock::Dock> open() const {
    dock::DockOptions options;
    options.threads = 1;
    options.index_from = 50;
    return dock::Dock::open(dock(), options).value();
  }

  static specification::RkmeSpecification specification(const testing::WeightedSet& set) {
    return specification::make_table_specification(set.points, set.weights, set.gamma, 100).value();
  }

  dock::ImportOutcome add_one(dock::Dock& opened, const std::string& id,
                              const specification::RkmeSpecification& specification) {
    made_[id] = specification;
    return import(opened, line(id, specification));
  }
  void add(dock::Dock& opened, std::size_t first, std::size_t last) {
    std::string lines;
    for (std::size_t i = first; i < last; ++i)
      for (const auto& [letter, scene] : {std::pair("m", &mixed_), std::pair("b", &blind_)})
        lines += line(letter + scene->ids[i], made_[letter + scene->ids[i]] = specification(scene->sets[i]));
    ASSERT_EQ(import(opened, lines).imported.size(), 2 * (last - first));
  }
  static std::string line(const std::string& id, const specification::RkmeSpecification& specification) {
    return testing::import_line(id, {}, specification);
  }
  dock::ImportOutcome import(dock::Dock& opened, const std::string& lines) const {
    const fs::path file = folder_.path() / "lines.jsonl";
    std::ofstream(file) << lines;
    return opened.import_specifications(file).value();
  }

  ReindexReport make(const char* gamma = nullptr) {
    options_.gamma = gamma == nullptr ? GammaChoice() : choice(gamma);
    auto report = reindex(dock(), options_);
    EXPECT_TRUE(report.has_value()) << describe(report.error());
    return report.value_or(ReindexReport());
  }
  specification::SpaceKernels kernels_in_force() const {
    return kernels_in_use(store::read_index(dock() / "index", specification::check_kernels_text).value())
        .value();
  }
  double gamma_in_force(std::size_t dimension) const {
    return kernels_in_force().kernel_of({{}, {dimension}, 1}).value_or(compute::Kernel()).gamma;
  }

  query::SearchRequest query(const SceneMarket& scene, std::size_t q, double gamma) const {
    query::SearchRequest request;
    request.specification = specification(scene.sets[300 + q]);
    request.specification->kernel.gamma = gamma;
    request.mixture = q % 2 == 0 ? 0 : 3;
    return request;
  }

  /// Distances by the definition, with every learnware's gamma replaced; without an index or its backend.
  std::vector<std::pair<double, std::string>> brute_force(specification::RkmeSpecification wanted,
                                                          double gamma) const {
    const auto oracle = compute::open_backend("cpu_reference").value();
    wanted.kernel.gamma = gamma;
    std::vector<std::pair<double, std::string>> all;
    for (auto [id, made] : made_) {
      if (made.dimension() != wanted.dimension()) continue;
      made.kernel.gamma = gamma;
      all.emplace_back(specification::distance(made, wanted, *oracle)->mmd_squared, id);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  void expect_answers_under(const dock::Dock& opened, std::size_t dimension, double gamma) const {
    const SceneMarket& scene = dimension == 4 ? mixed_ : blind_;
    for (std::size_t q = 0; q < 6; ++q)
      for (const double asked : {kNarrow, gamma}) {
        query::SearchRequest request = query(scene, q, asked);
        const auto want = brute_force(*request.specification, gamma);
        for (const char* backend : {"", "cpu_reference"}) {
          request.backend = backend;
          const auto have = opened.search(request);
          ASSERT_TRUE(have.has_value()) << describe(have.error());
          EXPECT_TRUE(have->exact);
          ASSERT_EQ(have->singles.size(), 10U);
          for (std::size_t i = 0; i < 10; ++i) {
            EXPECT_EQ(have->singles[i].id.text(), want[i].second);
            EXPECT_NEAR(*have->singles[i].mmd_squared, want[i].first, 1e-12);
          }
          const bool told =
              !have->warnings.empty() && have->warnings.front().message.starts_with(fmt::format(
                                             "gamma {} in place of the query's gamma {}", gamma, asked));
          EXPECT_EQ(told, asked != gamma);
        }
      }
  }

  /// As before there was a choice: a query meets the learnwares of its own gamma only.
  void expect_own_gammas(const dock::Dock& opened) const {
    const auto answer = opened.search(query(mixed_, 1, kNarrow));
    ASSERT_TRUE(answer.has_value());
    std::size_t own = 0;
    for (const auto& [id, made] : made_) own += made.kernel.gamma == kNarrow ? 1U : 0U;
    EXPECT_TRUE(contains(answer->warnings, WarningCode::learnwares_skipped));
    EXPECT_LE(answer->evaluated, own);
    for (const query::SingleHit& hit : answer->singles)
      EXPECT_EQ(made_.at(hit.id.text()).kernel.gamma, kNarrow);
  }

  /// A dock on the oracle backend takes the self terms that it has; another settles them by the oracle.
  std::vector<query::SearchAnswer> compat_answers() const {
    std::vector<query::SearchAnswer> answers;
    for (const char* backend : {"", "cpu_reference"}) {
      dock::DockOptions options;
      options.threads = 1;
      options.backend = backend;
      const auto opened = dock::Dock::open(dock(), options).value();
      for (std::size_t q = 0; q < 4; ++q) {
        query::SearchRequest request = query(q < 3 ? mixed_ : blind_, q, q < 3 ? kWide : 0.2);
        request.scores = query::ScoreMode::compat;
        for (int again = 0; again < 2; ++again) answers.push_back(opened->search(request).value());
      }
    }
    return answers;
  }

  testing::TemporaryFolder folder_;
  SceneMarket mixed_, blind_;
  std::map<std::string, specification::RkmeSpecification> made_;
  ReindexOptions options_;
};

TEST_F(RekernelTest, TwoGammasBecomeOneSpaceAndAnswersAreThoseUnderTheNewKernel) {
  EXPECT_EQ(make().spaces, 3U);
  expect_own_gammas(*open());
  const std::string bytes = open()->find(LearnwareId::create("m" + mixed_.ids[1]).value())->statistical;
  const ReindexReport report = make("auto");
  EXPECT_EQ(report.spaces, 2U);
  EXPECT_EQ(report.learnwares, 400U);
  const double gamma = gamma_in_force(4);
  ASSERT_EQ(report.kernels.size(), 3U);
  EXPECT_EQ(report.kernels[0].dimension, 3U);
  EXPECT_EQ(report.kernels[0].learnwares, 200U);
  EXPECT_EQ(report.kernels[1], (KernelChange{"RKMETableSpecification", 4, 1, kNarrow, kNarrow, gamma, 100}));
  EXPECT_EQ(report.kernels[2], (KernelChange{"RKMETableSpecification", 4, 1, kWide, kWide, gamma, 100}));
  const auto opened = open();
  EXPECT_EQ(opened->status().indexed, 400U);
  expect_answers_under(*opened, 4, gamma);
  expect_answers_under(*opened, 3, gamma_in_force(3));
  EXPECT_EQ(opened->find(LearnwareId::create("m" + mixed_.ids[1]).value())->statistical, bytes);
}

TEST_F(RekernelTest, CompatScoresKeepTheLearnwaresOwnGammas) {
  const std::vector<query::SearchAnswer> before = compat_answers();
  make("auto");
  const std::vector<query::SearchAnswer> after = compat_answers();
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t a = 0; a < before.size(); ++a) {
    ASSERT_EQ(before[a].singles.size(), after[a].singles.size());
    for (std::size_t i = 0; i < before[a].singles.size(); ++i) {
      EXPECT_EQ(before[a].singles[i].id, after[a].singles[i].id);
      EXPECT_EQ(before[a].singles[i].mmd_squared, after[a].singles[i].mmd_squared);
      EXPECT_EQ(before[a].singles[i].score, after[a].singles[i].score);
    }
    ASSERT_EQ(before[a].mixture.has_value(), after[a].mixture.has_value());
    if (before[a].mixture) {
      EXPECT_EQ(before[a].mixture->mmd_squared, after[a].mixture->mmd_squared);
    }
    EXPECT_EQ(before[a].warnings, after[a].warnings);
  }
}

TEST_F(RekernelTest, ANumberHoldsUntilAnotherChoiceAndOwnUndoesIt) {
  make("0.25");
  expect_answers_under(*open(), 4, 0.25);
  const ReindexReport kept = make();
  ASSERT_EQ(kept.kernels.size(), 3U);
  EXPECT_EQ(kept.kernels[0], (KernelChange{"RKMETableSpecification", 3, 1, kBlind, 0.25, 0.25, 200}));
  expect_answers_under(*open(), 4, 0.25);
  const ReindexReport own = make("own");
  ASSERT_EQ(own.kernels.size(), 3U);
  EXPECT_EQ(own.kernels[2], (KernelChange{"RKMETableSpecification", 4, 1, kWide, 0.25, kWide, 100}));
  EXPECT_TRUE(kernels_in_force().empty());
  expect_own_gammas(*open());
  EXPECT_TRUE(make().kernels.empty());
}

TEST_F(RekernelTest, RollbackBringsTheEarlierKernelsBack) {
  make();
  make("0.25");
  ASSERT_TRUE(rollback_index(dock()).has_value());
  expect_own_gammas(*open());
  make("0.25");
  make("0.5");
  add(*open(), 200, 210);
  ASSERT_TRUE(rollback_index(dock()).has_value());
  expect_answers_under(*open(), 4, 0.25);
}

TEST_F(RekernelTest, LaterLearnwaresOfAnyGammaComeUnderTheKernelInForce) {
  make("auto");
  const double gamma = gamma_in_force(4);
  {
    const auto opened = open();
    auto unknown = specification(mixed_.sets[301]);
    unknown.kernel.gamma = 0.77;
    add_one(*opened, "unknown", unknown);
    expect_answers_under(*opened, 4, gamma);
    add(*opened, 200, 300);
    expect_answers_under(*opened, 4, gamma);
    const std::uint64_t indexed = opened->status().indexed;
    ASSERT_GT(opened->tend_index().value(), 0U);
    EXPECT_EQ(opened->status().indexed, indexed + 201);
    expect_answers_under(*opened, 4, gamma);
  }
  EXPECT_EQ(gamma_in_force(4), gamma) << "tending lost the kernels";
  expect_answers_under(*open(), 4, gamma);
  // A group that nobody knew when the kernels were chosen keeps its own.
  const auto opened = open();
  auto other = specification::make_table_specification(Matrix<double>(1, 2, {1, 2}), {1}, 0.9, 10).value();
  add_one(*opened, "other", other);
  query::SearchRequest request;
  request.specification = other;
  const auto answer = opened->search(request);
  EXPECT_EQ(answer->singles.at(0).id.text(), "other");
  EXPECT_FALSE(contains(answer->warnings, WarningCode::gamma_replaced));
}

TEST_F(RekernelTest, ShardsAgreeOnTheKernelsOfThePlan) {
  options_.gamma = choice("auto");
  ASSERT_EQ(plan_reindex(dock(), options_).value(), 2U);
  ASSERT_TRUE(build_shard(dock(), {0, 2}, options_).has_value());
  options_.gamma = choice("0.25");
  EXPECT_EQ(build_shard(dock(), {1, 2}, options_).error().code, ErrorCode::conflict);
  EXPECT_EQ(plan_reindex(dock(), options_).error().code, ErrorCode::conflict);
  options_.gamma = {};
  EXPECT_EQ(reindex(dock(), options_).error().code, ErrorCode::conflict);
  ASSERT_TRUE(build_shard(dock(), {1, 2}, options_).has_value()) << "not given: the plan's";
  const auto report = merge_shards(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->kernels.size(), 3U);
  EXPECT_EQ(report->learnwares, 400U);
  expect_answers_under(*open(), 4, gamma_in_force(4));
}

TEST_F(RekernelTest, APlanFromBeforeAnotherChangeOfKernelsIsNotPutInForce) {
  make();
  make("0.25");
  options_.gamma = {};
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  ASSERT_TRUE(build_shard(dock(), {0, 1}, options_).has_value());
  ASSERT_TRUE(rollback_index(dock()).has_value());
  EXPECT_EQ(merge_shards(dock(), options_).error().code, ErrorCode::conflict);
  make("0.5");
  expect_answers_under(*open(), 4, 0.5);
}

TEST_F(RekernelTest, KilledAtAnyPointTheKernelsAreTheOldOrTheNewOnesAndTheNextRunGoesOn) {
  make("0.25");
  for (unsigned point = 0; point < testing::kill_points(16); ++point) {
    options_.gamma = choice(point % 2 == 0 ? "0.5" : "0.25");
    fs::remove_all(dock() / "reindex");  // of the other gamma
    end_helpers();                       // so that the child has its own
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      static_cast<void>(reindex(dock(), options_));
      ::_exit(0);
    }
    ::usleep(2000 + point * 17'001 % 150'000);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    const double gamma = gamma_in_force(4);
    EXPECT_TRUE(gamma == 0.25 || gamma == 0.5);
    if (point % 4 == 3) expect_answers_under(*open(), 4, gamma);
  }
  const auto report = reindex(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  expect_answers_under(*open(), 4, options_.gamma.number);
}

TEST_F(RekernelTest, ADamagedIndexIsComparedDirectlyUnderItsKernels) {
  make("0.25");
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    if (file.path().filename().string().starts_with("segment-")) fs::resize_file(file.path(), 100);
  const auto opened = open();
  EXPECT_EQ(opened->status().indexed, 0U);
  expect_answers_under(*opened, 4, 0.25);
}

TEST_F(RekernelTest, ABlindSpaceIsSaidAndSeesAfterTheMedianHeuristic) {
  const ReindexReport before = make();
  ASSERT_EQ(before.warnings.size(), 1U);
  EXPECT_THAT(before.warnings[0], HasSubstr("RKMETableSpecification of 3"));
  EXPECT_THAT(before.warnings[0], HasSubstr("--gamma auto"));
  EXPECT_TRUE(contains(open()->search(query(blind_, 0, kBlind))->warnings, WarningCode::kernel_blind));
  EXPECT_TRUE(make("auto").warnings.empty());
  const auto after = open()->search(query(blind_, 0, kBlind));
  EXPECT_FALSE(contains(after->warnings, WarningCode::kernel_blind));
  EXPECT_GT(*after->singles[0].score, 0.5) << "similar learnwares look similar";
}

TEST_F(RekernelTest, SpacesWithoutSegmentsAreUnderTheKernelsToo) {
  options_.smallest_space = 100'000;
  EXPECT_EQ(make("auto").segments, 0U);
  expect_answers_under(*open(), 4, gamma_in_force(4));
}

TEST_F(RekernelTest, RefusesWhatIsNoGamma) {
  for (const char* text : {"", "0", "-1", "nan", "inf", "1e999", "0.1x", "mean", "Auto"}) {
    const auto none = gamma_choice_of(text);
    ASSERT_FALSE(none.has_value()) << text;
    EXPECT_EQ(none.error().code, ErrorCode::usage);
    EXPECT_FALSE(none.error().fix.empty());
  }
  EXPECT_EQ(choice("0.1").text(), "0.1");
  // Representable for one scale and not for two.
  auto scaled = specification(mixed_.sets[0]);
  scaled.kernel.scales = 2;
  add_one(*open(), "scaled", scaled);
  options_.gamma = choice("1e308");
  EXPECT_EQ(reindex(dock(), options_).error().code, ErrorCode::invalid_argument);
}

/// The median of few distances, whatever the offset and the unit of the points.
TEST_F(RekernelTest, TheMedianHeuristicIgnoresOffsetsUnitsAndEqualPoints) {
  const auto two = [&](double offset, double unit, double gamma, const char* id, dock::Dock& opened) {
    Matrix<double> points(2, 1, {offset, offset + 2 * unit});
    add_one(opened, id,
            specification::make_table_specification(std::move(points), {0.5, 0.5}, gamma, 10).value());
  };
  {
    const auto opened = open();
    two(1e9, 1, 3, "far", *opened);
    Matrix<double> same(1, 2, {7, 7});
    for (const double gamma : {0.6, 0.8, 0.8})
      add_one(*opened, fmt::format("same{}-{}", gamma, made_.size()),
              specification::make_table_specification(same, {1}, gamma, 10).value());
  }
  make("auto");
  EXPECT_DOUBLE_EQ(gamma_in_force(1), 0.25);
  EXPECT_EQ(gamma_in_force(2), 0.8) << "equal points say nothing: what most have";
}

}  // namespace
}  // namespace learndock::reindex
