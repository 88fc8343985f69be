// A dock that is re-indexed gives the same answers as comparing every learnware, also when several processes
// made the pieces.
#include "learndock/reindex/reindex.hpp"

#include "base/parallel.hpp"
#include "io/file.hpp"
#include "reindex/indexed_dock.hpp"
#include "support/flip_bit.hpp"
#include "support/kill_nine.hpp"

#include <fmt/format.h>

namespace learndock::reindex {
namespace {

namespace fs = std::filesystem;

class ReindexTest : public testing::IndexedDockTest {};

TEST_F(ReindexTest, AnswersStayWhatTheyWereAsLearnwaresComeAndGo) {
  const auto report = reindex(dock(), options_);
  ASSERT_TRUE(report.has_value()) << describe(report.error());
  EXPECT_EQ(report->spaces, 2U);
  EXPECT_EQ(report->learnwares, 800U);
  EXPECT_GT(report->segments, 2U);
  EXPECT_GT(report->bounds_checked, 1000U);
  const auto opened = open();
  EXPECT_EQ(opened->status().indexed, 800U);
  expect_right_answers(*opened, true);
  // Inserts are visible at once, removals gone at once, also after opening again.
  import_lines(*opened, lines(400, 500));
  expect_right_answers(*opened, true);
  for (std::size_t i = 0; i < 500; i += 7)
    ASSERT_TRUE(opened->remove(LearnwareId::create("a" + large_.ids[i]).value()).has_value());
  expect_right_answers(*opened, true);
}

TEST_F(ReindexTest, ReopeningFindsWhatTheIndexDoesNotHold) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  {
    const auto opened = open();
    import_lines(*opened, lines(400, 450));
    for (std::size_t i = 0; i < 450; i += 5)
      ASSERT_TRUE(opened->remove(LearnwareId::create("b" + other_.ids[i]).value()).has_value());
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
  const auto opened = open();
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

TEST_F(ReindexTest, AnApproximateIndexSaysSoAndABudgetIsNotBlamed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "reports of hnswlib's many node locks come without a stack that tests/tsan.supp could name";
#endif
  options_.prefilter = engine::PrefilterKind::hnsw;
  const auto report = reindex(dock(), options_);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->searches_checked, 0U) << "nothing is promised, so nothing was checked";
  const auto opened = open();
  query::SearchRequest request;
  const auto& set = large_.sets[450];
  request.specification = specification_of(set);
  request.budget = std::chrono::seconds(60);
  const auto answer = opened->search(request).value();
  EXPECT_FALSE(answer.exact);
  const auto warned = [&](std::string_view of) {
    return std::any_of(answer.warnings.begin(), answer.warnings.end(),
                       [&](const Warning& warning) { return warning.message.starts_with(of); });
  };
  EXPECT_TRUE(warned("approximate"));
  EXPECT_FALSE(warned("budget"));
}

TEST_F(ReindexTest, RollbackPutsTheOldIndexInForce) {
  const auto first = reindex(dock(), options_);
  ASSERT_TRUE(first.has_value());
  options_.codes = compute::CodeType::int4;
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  EXPECT_EQ(open()->status().prefilters, std::vector<std::string>{"scan of int4 codes on cpu"});
  ASSERT_TRUE(rollback_index(dock()).has_value());
  const auto opened = open();
  EXPECT_EQ(opened->status().prefilters, std::vector<std::string>{"scan of int8 codes on cpu"});
  expect_right_answers(*opened, true);
}

TEST_F(ReindexTest, AKilledReindexGoesOnAndNeverBreaksTheIndexInForce) {
  ASSERT_TRUE(reindex(dock(), options_).has_value());
  options_.codes = compute::CodeType::int4;  // not what is in force
  for (unsigned point = 0; point < testing::kill_points(40); ++point) {
    end_helpers();  // so that the child has its own
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

/// The file of the reindex under way with this ending.
fs::path under_way(const fs::path& dock, std::string_view ending) {
  for (const auto& file : fs::directory_iterator(dock / "reindex"))
    if (file.path().filename().string().starts_with("plan-") && file.path().extension() == ending)
      return file.path();
  return {};
}

TEST_F(ReindexTest, ADamagedPieceIsBuiltAnewByTheNextRun) {
  for (const std::uint64_t share : {0U, 1U, 40U, 99U}) {
    ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
    ASSERT_TRUE(build_shard(dock(), {0, 1}, options_).has_value());
    const fs::path piece = under_way(dock(), ".lds");
    testing::flip_bit(piece, fs::file_size(piece) * share / 100, 0);
    const auto refused = reindex(dock(), options_);
    ASSERT_FALSE(refused.has_value()) << share;
    EXPECT_NE(refused.error().fix.find("again"), std::string::npos) << refused.error().fix;
    const auto report = reindex(dock(), options_);
    ASSERT_TRUE(report.has_value()) << share << ' ' << describe(report.error());
    EXPECT_EQ(report->learnwares, 800U);
  }
  expect_right_answers(*open(), true);
}

TEST_F(ReindexTest, ADamagedMarkOfAFinishedPieceIsNone) {
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  ASSERT_TRUE(build_shard(dock(), {0, 1}, options_).has_value());
  const fs::path mark = under_way(dock(), ".done");
  for (std::uint64_t byte = 0; byte < fs::file_size(mark); ++byte) {
    testing::flip_bit(mark, byte, 0);
    EXPECT_EQ(merge_shards(dock(), options_).error().code, ErrorCode::not_found) << byte;
    testing::flip_bit(mark, byte, 0);
  }
  fs::resize_file(mark, fs::file_size(mark) - 1);
  EXPECT_EQ(merge_shards(dock(), options_).error().code, ErrorCode::not_found);
  EXPECT_EQ(reindex(dock(), options_)->learnwares, 800U);
}

TEST_F(ReindexTest, ADamagedPlanIsRefusedAndTheFolderToRemoveIsNamed) {
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  const fs::path plan = dock() / "reindex" / "plan.json";
  const auto refuses = [&](const std::string& what) {
    const auto refused = reindex(dock(), options_);
    ASSERT_FALSE(refused.has_value()) << what;
    EXPECT_EQ(refused.error().code, ErrorCode::corrupt) << what;
    EXPECT_NE(refused.error().fix.find((dock() / "reindex").string()), std::string::npos) << what;
  };
  const std::string whole = io::read_file(plan).value();
  for (const std::string part : {"\"spaces\"", "\"ranges\""}) {
    const std::size_t digit = whole.find_first_of("0123456789", whole.find(part));
    std::string other = whole;
    other[digit] = other[digit] == '9' ? '8' : '9';
    ASSERT_TRUE(io::write_file_atomically(plan, other));
    refuses(part);
  }
  for (const std::size_t kept : {std::size_t{0}, whole.size() / 2}) {
    ASSERT_TRUE(io::write_file_atomically(plan, whole.substr(0, kept)));
    refuses("cut");
  }
  ASSERT_TRUE(io::write_file_atomically(plan, whole));
  EXPECT_EQ(reindex(dock(), options_)->learnwares, 800U);
}

TEST_F(ReindexTest, NamesTheOptionsThatThePlanHasOtherwise) {
  ASSERT_TRUE(plan_reindex(dock(), options_).has_value());
  ReindexOptions other = options_;
  other.landmarks += 1;
  other.range_records += 1;
  const auto refused = build_shard(dock(), {0, 1}, other);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
  EXPECT_NE(refused.error().message.find("another value of --landmarks and of --piece"), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(build_shard(dock(), {0, 1}, options_).has_value());
}

TEST_F(ReindexTest, SaysWhatCannotBe) {
  EXPECT_EQ(build_shard(dock(), {0, 1}, options_).error().code, ErrorCode::not_found);
  EXPECT_EQ(build_shard(dock(), {3, 2}, options_).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(rollback_index(dock()).error().code, ErrorCode::not_found);
  EXPECT_EQ(code_type_of("int5").error().code, ErrorCode::invalid_argument);
  const auto opened = open();
  EXPECT_EQ(reindex(dock(), options_).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace learndock::reindex
