// The stored index of a dock: the same answers as comparing every learnware, whatever came, went or broke.
#include "learndock/market/reindex.hpp"

#include "learndock/market/market.hpp"
#include "learndock/spec/codec.hpp"

#include "compute/parallel.hpp"
#include "index/market_scene.hpp"
#include "market/import_line.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

namespace learndock::market {
namespace {

namespace fs = std::filesystem;
using testing::MarketShape;
using testing::SceneMarket;

/// A dock of two spaces that are indexed, one too small for it, and records without a specification.
class ReindexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    large_ = testing::make_market(shape(4, 1), 20);
    other_ = testing::make_market(shape(3, 2), 20);
    ASSERT_TRUE(Market::create(dock()).has_value());
    const auto market = open();
    ASSERT_EQ(import_lines(*market, lines(0, 400)).imported.size(), lines(0, 400).size());
    options_.landmarks = 48;
    options_.coordinates = 24;
    options_.smallest_space = 100;
    options_.range_records = 700;  // segments of more learnwares than are compared one by one
    options_.threads = 1;
  }

  static MarketShape shape(std::size_t dimension, std::uint64_t seed) {
    MarketShape shape;
    shape.learnwares = 500;
    shape.dimension = dimension;
    shape.duplicates = 0.1;
    shape.seed = seed;
    return shape;
  }

  fs::path dock() const { return folder_.path() / "dock"; }
  std::unique_ptr<Market> open() const {
    MarketOptions options;
    options.threads = 1;
    options.entries_from = 1;
    return Market::open(dock(), options).value();
  }

  static std::string line(const std::string& id, const testing::WeightedSet& set, std::size_t i) {
    return testing::import_line(
        id, testing::numbered_model(i),
        spec::make_table_specification(set.points, set.weights, set.gamma, 100).value());
  }

  /// Learnwares [first, last) of both spaces in turn.
  std::vector<std::string> lines(std::size_t first, std::size_t last) const {
    std::vector<std::string> all;
    for (std::size_t i = first; i < last; ++i) {
      all.push_back(line("a" + large_.ids[i], large_.sets[i], i));
      all.push_back(line("b" + other_.ids[i], other_.sets[i], i));
      if (i % 40 == 0) {
        auto rare = large_.sets[i];
        rare.gamma = 0.37;
        all.push_back(line("c" + large_.ids[i], rare, i));
      }
    }
    return all;
  }

  ImportOutcome import_lines(Market& market, const std::vector<std::string>& text) const {
    const fs::path file = folder_.path() / "lines.jsonl";
    std::ofstream out(file);
    for (const std::string& one : text) out << one;
    out.close();
    return market.import_specifications(file).value();
  }

  std::vector<SearchRequest> requests() const {
    std::vector<SearchRequest> all;
    for (std::size_t q = 0; q < 6; ++q)
      for (const SceneMarket* market : {&large_, &other_}) {
        const auto& set = market->sets[500 + q];
        SearchRequest request;
        request.specification =
            spec::make_table_specification(set.points, set.weights, set.gamma, 100).value();
        request.top = q % 2 == 0 ? 10 : 37;
        request.mixture = q % 3 == 0 ? 0 : 3;
        all.push_back(request);
        request.semantic.of(spec::SemanticKey::scenario) = {"Business"};
        all.push_back(request);
        request.text = "model 1";
        all.push_back(std::move(request));
      }
    return all;
  }

  /// Every answer is that of the oracle backend, which compares all learnwares one by one.
  void expect_right_answers(const Market& market, bool few_evaluated) const {
    std::uint64_t evaluated = 0, all = 0;
    for (SearchRequest request : requests()) {
      const auto have = market.search(request);
      ASSERT_TRUE(have.has_value()) << describe(have.error());
      request.backend = "cpu_reference";
      const auto want = market.search(request);
      ASSERT_TRUE(want.has_value());
      EXPECT_TRUE(have->exact);
      EXPECT_EQ(have->slack, 0);
      ASSERT_EQ(have->singles.size(), want->singles.size());
      for (std::size_t i = 0; i < have->singles.size(); ++i) {
        EXPECT_NEAR(*have->singles[i].mmd_squared, *want->singles[i].mmd_squared, 1e-12);
        EXPECT_NEAR(*have->singles[i].score, *want->singles[i].score, 1e-9);
        EXPECT_EQ(have->singles[i].id, want->singles[i].id);
        EXPECT_EQ(have->singles[i].name, want->singles[i].name);
      }
      ASSERT_EQ(have->mixture.has_value(), want->mixture.has_value());
      if (have->mixture) {
        EXPECT_NEAR(have->mixture->mmd_squared, want->mixture->mmd_squared, 1e-7);
        EXPECT_NEAR(have->mixture->score, want->mixture->score, 1e-6);
        // The best gap of all steps, where the other is that of the last.
        EXPECT_LE(*have->mixture->gap, *want->mixture->gap + 1e-3);
        EXPECT_GE(*have->mixture->gap, 0);
      }
      evaluated += have->evaluated;
      all += want->evaluated;
    }
    if (few_evaluated) {
      EXPECT_LT(evaluated, all) << "the index left nothing out";
    }
  }

  /// Learnwares that were acknowledged are there, each once, and each kill left at most one besides: stored,
  /// and killed before it was said.
  void expect_held(const Market& market, const std::set<std::string>& acknowledged, unsigned kills) const {
    std::set<std::string> held;
    for (std::optional<std::uint64_t> after = 0; after;) {
      const auto page = market.list(*after, 500).value();
      for (const auto& record : page.records)
        EXPECT_TRUE(held.insert(record.id.text()).second) << record.id.text() << " is there twice";
      after = page.next;
    }
    for (const std::string& id : acknowledged) EXPECT_TRUE(held.contains(id)) << id << " is lost";
    EXPECT_EQ(market.status().learnwares, held.size());
    EXPECT_LE(held.size(), lines(0, 400).size() + acknowledged.size() + kills);
    expect_right_answers(market, false);
  }

  testing::TemporaryFolder folder_;
  SceneMarket large_, other_;
  ReindexOptions options_;
};

TEST_F(ReindexTest, AnswersStayWhatTheyWereAsLearnwaresComeAndGo) {
  const auto report = reindex(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->spaces, 2U);
  EXPECT_EQ(report->learnwares, 800U);
  EXPECT_GT(report->segments, 2U);
  EXPECT_GT(report->bounds_checked, 1000U);
  const auto market = open();
  EXPECT_EQ(market->status().indexed, 800U);
  expect_right_answers(*market, true);
  // Inserts are visible at once, removals gone at once, also after opening again.
  import_lines(*market, lines(400, 500));
  expect_right_answers(*market, true);
  for (std::size_t i = 0; i < 500; i += 7)
    ASSERT_TRUE(market->remove(LearnwareId::create("a" + large_.ids[i]).value()).has_value());
  expect_right_answers(*market, true);
}

TEST_F(ReindexTest, ReopeningFindsWhatTheIndexDoesNotHold) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  {
    const auto market = open();
    import_lines(*market, lines(400, 450));
    for (std::size_t i = 0; i < 450; i += 5)
      ASSERT_TRUE(market->remove(LearnwareId::create("b" + other_.ids[i]).value()).has_value());
  }
  expect_right_answers(*open(), true);
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  expect_right_answers(*open(), true);
}

TEST_F(ReindexTest, ShardsByManyProcessesMakeTheSameIndex) {
  options_.range_records = 333;
  const auto pieces = plan_reindex(dock(), options_);
  ASSERT_TRUE(pieces.has_value());
  EXPECT_EQ(*pieces, 3U);
  EXPECT_EQ(merge_shards(dock(), options_).error().code, ErrorCode::not_found);
  // While the dock is open elsewhere: shards only read.
  const auto market = open();
  for (const std::size_t shard : {1U, 0U}) ASSERT_TRUE(build_shard(dock(), {shard, 2}, options_).has_value());
  EXPECT_EQ(merge_shards(dock(), options_).error().code, ErrorCode::conflict);
}

TEST_F(ReindexTest, MergedShardsAnswer) {
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  for (std::size_t shard = 0; shard < 3; ++shard)
    ASSERT_TRUE(build_shard(dock(), {shard, 3}, options_).has_value());
  const auto report = merge_shards(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->learnwares, 800U);
  expect_right_answers(*open(), true);
}

TEST_F(ReindexTest, RollbackPutsTheOldIndexInForce) {
  const auto first = reindex(dock(), options_);
  ASSERT_TRUE(first.has_value());
  options_.codes = compute::CodeType::int4;
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  EXPECT_EQ(open()->status().prefilters, std::vector<std::string>{"scan of int4 codes on cpu"});
  ASSERT_TRUE(rollback_index(dock()).has_value());
  const auto market = open();
  EXPECT_EQ(market->status().prefilters, std::vector<std::string>{"scan of int8 codes on cpu"});
  expect_right_answers(*market, true);
}

TEST_F(ReindexTest, ADamagedIndexIsSaidAndNotAnsweredFrom) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    if (file.path().filename().string().starts_with("segment-")) {
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(static_cast<std::streamoff>(file.file_size() / 2));
      bytes.write("damage", 6);
    }
  const auto market = open();
  expect_right_answers(*market, false);
}

TEST_F(ReindexTest, APartFoundDamagedDuringASearchIsGivenUpAndMadeAnew) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  MarketOptions options;
  options.threads = 1;
  options.index_from = 100;
  options.entries_from = 1;
  const auto market = Market::open(dock(), options).value();
  // The reduced sets come first in a segment, and are only checked when they are read.
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    if (file.path().filename().string().starts_with("segment-")) {
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(9000);
      bytes.write("damage", 6);
    }
  expect_right_answers(*market, false);
  EXPECT_EQ(market->status().indexed, 0U);
  ASSERT_TRUE(market->tend_index().has_value());
  EXPECT_EQ(market->status().indexed, 800U);
  expect_right_answers(*market, true);
}

TEST_F(ReindexTest, AKilledReindexGoesOnAndNeverBreaksTheIndexInForce) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  options_.codes = compute::CodeType::int8;
  for (unsigned point = 0; point < testing::kill_points(40); ++point) {
    compute::end_helpers();  // so that the child has its own
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      static_cast<void>(reindex(dock(), options_));
      ::_exit(0);
    }
    ::usleep(500 + point * 1507 % 60'000);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    if (point % 10 == 9) expect_right_answers(*open(), true);
  }
  const auto report = reindex(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->learnwares, 800U);
  expect_right_answers(*open(), true);
}

TEST_F(ReindexTest, TheIndexIsTendedWhileSearchesAndWritersGoOn) {
  MarketOptions options;
  options.threads = 1;
  options.index_from = 60;
  options.entries_from = 1;
  options.tend_index = true;
  {
    const auto market = Market::open(dock(), options).value();
    std::atomic<bool> stop{false};
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 2; ++reader)
      readers.emplace_back([&] {
        std::size_t r = 0;
        const auto all = requests();
        while (!stop) {
          const auto answer = market->search(all[r++ % all.size()]);
          EXPECT_TRUE(answer.has_value() && answer->exact);
        }
      });
    for (std::size_t i = 400; i < 500; i += 20) {
      import_lines(*market, lines(i, i + 20));
      for (std::size_t gone = i - 400; gone < i - 380; gone += 4)
        ASSERT_TRUE(market->remove(LearnwareId::create("a" + large_.ids[gone]).value()).has_value());
    }
    stop = true;
    readers.clear();
    ASSERT_TRUE(market->tend_index().has_value());
    EXPECT_GT(market->status().indexed, 500U);
    expect_right_answers(*market, true);
  }
  expect_right_answers(*open(), true);
}

TEST_F(ReindexTest, ManySmallPartsBecomeOne) {
  MarketOptions options;
  options.threads = 1;
  options.index_from = 10;
  options.entries_from = 1;
  const auto market = Market::open(dock(), options).value();
  for (std::size_t i = 400; i < 500; i += 10) {
    import_lines(*market, lines(i, i + 10));
    ASSERT_TRUE(market->tend_index().has_value());
  }
  std::size_t segments = 0;
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    segments += file.path().filename().string().starts_with("segment-") ? 1U : 0U;
  EXPECT_LT(segments, 24U) << "old versions' files included";
  EXPECT_EQ(market->status().indexed, 1011U) << "all but two of the space of thirteen";
  expect_right_answers(*market, true);
}

TEST_F(ReindexTest, LaterPartsAreWrittenAsTheIndexWasToldToBe) {
  options_.codes = compute::CodeType::int8;
  options_.prefilter = index::PrefilterKind::faiss_flat;
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  MarketOptions options;
  options.threads = 1;
  options.index_from = 10;
  options.entries_from = 1;
  const auto market = Market::open(dock(), options).value();
  const std::vector<std::string> chosen = market->status().prefilters;
  ASSERT_EQ(chosen.size(), 1U);
  for (std::size_t i = 400; i < 500; i += 10) {
    import_lines(*market, lines(i, i + 10));
    ASSERT_TRUE(market->tend_index().has_value());
  }
  EXPECT_GT(market->status().indexed, 1000U);
  EXPECT_EQ(market->status().prefilters, chosen);
  expect_right_answers(*market, true);
}

TEST_F(ReindexTest, ABudgetOfCandidatesIsKeptAndTold) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  const auto market = open();
  for (SearchRequest request : requests())
    for (const char* backend : {"", "cpu_reference"}) {
      request.backend = backend;
      request.budget_candidates.reset();
      const auto whole = market->search(request);
      ASSERT_TRUE(whole.has_value()) << describe(whole.error());
      request.budget_candidates = 3;
      const auto answer = market->search(request);
      ASSERT_TRUE(answer.has_value()) << describe(answer.error());
      EXPECT_FALSE(answer->exact);
      EXPECT_EQ(answer->evaluated, 3U);
      EXPECT_EQ(answer->singles.size(), 3U);
      EXPECT_GT(answer->slack, 0);
      EXPECT_TRUE(std::any_of(answer->warnings.begin(), answer->warnings.end(), [](const auto& warning) {
        return warning.starts_with("budget spent after 3 of ");
      }));
      if (!answer->mixture || !answer->mixture->gap) continue;
      EXPECT_EQ(request.backend, "") << "nothing is proved of what was not looked at and has no bounds";
      ASSERT_TRUE(whole->mixture);
      EXPECT_LE(answer->mixture->mmd_squared - *answer->mixture->gap, whole->mixture->mmd_squared + 1e-12);
    }
}

TEST_F(ReindexTest, AKilledWriterLosesAndDoublesNothingAndLeavesAnIndexThatAgrees) {
  const unsigned points = testing::kill_points(60);
  std::set<std::string> acknowledged;
  for (unsigned point = 0; point < points; ++point) {
    // Every fifth insert makes a part, and every eighth part a merge.
    compute::end_helpers();
    const auto names = testing::run_and_kill(
        point,
        [&](const testing::Acknowledge& acknowledge) {
          MarketOptions options;
          options.threads = 1;
          options.index_from = 5;
          const auto market = Market::open(dock(), options);
          for (std::size_t i = 0; market && i < 500; ++i) {
            const auto outcome = import_lines(
                **market, {line(fmt::format("w{}-{}", point, i), large_.sets[(point + i) % 500], i)});
            for (const LearnwareId& id : outcome.imported) acknowledge(id.text());
            static_cast<void>((*market)->tend_index());
          }
        },
        40'000);
    ASSERT_FALSE(names.empty()) << "a dock that a kill left cannot be written any more";
    acknowledged.insert(names.begin(), names.end());
    if (point % 12 == 11) expect_held(*open(), acknowledged, point + 1);
  }
  const auto market = open();
  expect_held(*market, acknowledged, points);
  EXPECT_GT(market->status().indexed, 0U);
}

TEST_F(ReindexTest, SaysWhatCannotBe) {
  EXPECT_EQ(build_shard(dock(), {0, 1}, options_).error().code, ErrorCode::not_found);
  EXPECT_EQ(build_shard(dock(), {3, 2}, options_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(rollback_index(dock()).error().code, ErrorCode::not_found);
  EXPECT_EQ(code_type_of("int5").error().code, ErrorCode::invalid_argument);
  const auto market = open();
  EXPECT_EQ(reindex(dock(), options_).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace learndock::market
