// The stored index of an open dock: right answers whatever came, went or broke.
#include "learndock/dock/dock.hpp"

#include "base/parallel.hpp"
#include "reindex/indexed_dock.hpp"
#include "support/kill_nine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace learndock::dock {
namespace {

namespace fs = std::filesystem;

class LiveIndexTest : public testing::IndexedDockTest {};

TEST_F(LiveIndexTest, ADamagedIndexIsSaidAndNotAnsweredFrom) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    if (file.path().filename().string().starts_with("segment-")) {
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(static_cast<std::streamoff>(file.file_size() / 2));
      bytes.write("damage", 6);
    }
  const auto opened = open();
  expect_right_answers(*opened, false);
}

TEST_F(LiveIndexTest, APartFoundDamagedDuringASearchIsGivenUpAndMadeAnew) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  const auto opened = open(100);
  // The reduced sets come first in a segment, and are only checked when they are read.
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    if (file.path().filename().string().starts_with("segment-")) {
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekp(9000);
      bytes.write("damage", 6);
    }
  expect_right_answers(*opened, false);
  EXPECT_EQ(opened->status().indexed, 0U);
  ASSERT_TRUE(opened->tend_index().has_value());
  EXPECT_EQ(opened->status().indexed, 800U);
  expect_right_answers(*opened, true);
}

TEST_F(LiveIndexTest, TheIndexIsTendedWhileSearchesAndWritersGoOn) {
  DockOptions options;
  options.threads = 1;
  options.index_from = 60;
  options.entries_from = 1;
  options.tend_index = true;
  {
    const auto opened = Dock::open(dock(), options).value();
    std::atomic<bool> stop{false};
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 2; ++reader)
      readers.emplace_back([&] {
        std::size_t r = 0;
        const auto all = requests();
        while (!stop) {
          const auto answer = opened->search(all[r++ % all.size()]);
          EXPECT_TRUE(answer.has_value() && answer->exact);
        }
      });
    for (std::size_t i = 400; i < 500; i += 20) {
      import_lines(*opened, lines(i, i + 20));
      for (std::size_t gone = i - 400; gone < i - 380; gone += 4)
        ASSERT_TRUE(opened->remove(LearnwareId::create("a" + large_.ids[gone]).value()).has_value());
    }
    stop = true;
    readers.clear();
    ASSERT_TRUE(opened->tend_index().has_value());
    EXPECT_GT(opened->status().indexed, 500U);
    expect_right_answers(*opened, true);
  }
  expect_right_answers(*open(), true);
}

TEST_F(LiveIndexTest, ManySmallPartsBecomeOne) {
  const auto opened = open(10);
  for (std::size_t i = 400; i < 500; i += 10) {
    import_lines(*opened, lines(i, i + 10));
    ASSERT_TRUE(opened->tend_index().has_value());
  }
  std::size_t segments = 0;
  for (const auto& file : fs::directory_iterator(dock() / "index"))
    segments += file.path().filename().string().starts_with("segment-") ? 1U : 0U;
  EXPECT_LT(segments, 24U) << "old versions' files included";
  EXPECT_EQ(opened->status().indexed, 1011U) << "all but two of the space of thirteen";
  expect_right_answers(*opened, true);
}

TEST_F(LiveIndexTest, LaterPartsAreWrittenAsTheIndexWasToldToBe) {
  options_.codes = compute::CodeType::int4;
  options_.prefilter = engine::PrefilterKind::faiss_flat;
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  const auto opened = open(10);
  const std::vector<std::string> chosen = opened->status().prefilters;
  ASSERT_EQ(chosen.size(), 1U);
  for (std::size_t i = 400; i < 500; i += 10) {
    import_lines(*opened, lines(i, i + 10));
    ASSERT_TRUE(opened->tend_index().has_value());
  }
  EXPECT_GT(opened->status().indexed, 1000U);
  EXPECT_EQ(opened->status().prefilters, chosen);
  expect_right_answers(*opened, true);
}

TEST_F(LiveIndexTest, ABudgetOfCandidatesIsKeptAndTold) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  const auto opened = open();
  for (query::SearchRequest request : requests())
    for (const char* backend : {"", "cpu_reference"}) {
      request.backend = backend;
      request.budget_candidates.reset();
      const auto whole = opened->search(request);
      ASSERT_TRUE(whole.has_value()) << describe(whole.error());
      request.budget_candidates = 3;
      const auto answer = opened->search(request);
      ASSERT_TRUE(answer.has_value()) << describe(answer.error());
      EXPECT_FALSE(answer->exact);
      EXPECT_EQ(answer->evaluated, 3U);
      EXPECT_EQ(answer->singles.size(), 3U);
      EXPECT_GT(answer->slack, 0);
      EXPECT_TRUE(std::any_of(answer->warnings.begin(), answer->warnings.end(), [](const auto& warning) {
        return warning.code == WarningCode::budget_singles && warning.facts->at("compared") == 3 &&
               warning.message.starts_with("budget spent after 3 of ");
      }));
      if (!answer->mixture || !answer->mixture->gap) continue;
      EXPECT_EQ(request.backend, "") << "nothing is proved of what was not looked at and has no bounds";
      ASSERT_TRUE(whole->mixture);
      EXPECT_LE(answer->mixture->mmd_squared - *answer->mixture->gap, whole->mixture->mmd_squared + 1e-12);
    }
}

TEST_F(LiveIndexTest, AKilledWriterLosesAndDoublesNothingAndLeavesAnIndexThatAgrees) {
  const unsigned points = testing::kill_points(60);
  std::set<std::string> acknowledged;
  for (unsigned point = 0; point < points; ++point) {
    // Every fifth insert makes a part, and every eighth part a merge.
    end_helpers();
    const auto names = testing::run_and_kill(
        point,
        [&](const testing::Acknowledge& acknowledge) {
          DockOptions options;
          options.threads = 1;
          options.index_from = 5;
          const auto opened = Dock::open(dock(), options);
          for (std::size_t i = 0; opened && i < 500; ++i) {
            const std::size_t copied = (point + i) % 500;
            const std::string copy = fmt::format("a{}+{}-{}", large_.ids[copied], point, i);
            const auto outcome = import_lines(**opened, {line(copy, large_.sets[copied], i)});
            for (const LearnwareId& id : outcome.imported) acknowledge(id.text());
            static_cast<void>((*opened)->tend_index());
          }
        },
        40'000);
    ASSERT_FALSE(names.empty()) << "a dock that a kill left cannot be written any more";
    acknowledged.insert(names.begin(), names.end());
    if (point % 12 == 11) expect_held(*open(), acknowledged, point + 1);
  }
  const auto opened = open();
  expect_held(*opened, acknowledged, points);
  EXPECT_GT(opened->status().indexed, 0U);
}

}  // namespace
}  // namespace learndock::dock
