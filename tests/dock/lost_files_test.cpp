// A mapped file that is shortened while the dock is open ends no process: every search answers rightly.
#include "learndock/compute/registry.hpp"

#include "reindex/indexed_dock.hpp"

#include <atomic>
#include <thread>

namespace learndock::dock {
namespace {

class LostFilesTest : public testing::IndexedDockTest {
 protected:
  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(dock() / "index"))
      if (file.path().filename().string().starts_with("segment-")) files.push_back(file.path());
    return files;
  }
  std::filesystem::path entries() const { return dock() / "entries" / "entries.lds"; }
  static void cut(const std::filesystem::path& file, std::uintmax_t eighths) {
    std::filesystem::resize_file(file, std::filesystem::file_size(file) * eighths / 8);
  }
  void search_all(const Dock& opened) const {
    for (const query::SearchRequest& request : requests()) ASSERT_TRUE(opened.search(request).has_value());
  }
};

TEST_F(LostFilesTest, ASegmentCutShortEndsNoProcessAndNoAnswerIsMadeOfIt) {
  for (const auto prefilter : {engine::PrefilterKind::cells, engine::PrefilterKind::code_scan})
    for (const std::uintmax_t eighths : {0, 1, 4}) {
      options_.prefilter = prefilter;
      ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
      const auto opened = open();
      search_all(*opened);  // all of it is checked, and mapped
      for (const auto& file : segments()) cut(file, eighths);
      expect_right_answers(*opened, false);
      EXPECT_EQ(opened->status().indexed, 0U) << eighths;
    }
}

TEST_F(LostFilesTest, ASegmentThatLosesItsLastBytesIsNoticed) {
  for (const std::uintmax_t bytes : {1, 100}) {
    ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
    const auto opened = open();
    search_all(*opened);
    for (const auto& file : segments())
      std::filesystem::resize_file(file, std::filesystem::file_size(file) - bytes);
    expect_right_answers(*opened, false);
    EXPECT_EQ(opened->status().indexed, 0U) << bytes;
  }
}

TEST_F(LostFilesTest, EntriesCutShortEndNoProcessAndAreReadFromTheCatalogue) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  open().reset();  // writes them
  for (const std::uintmax_t eighths : {0, 1, 4}) {
    const auto opened = open();
    search_all(*opened);
    const std::uintmax_t size = std::filesystem::file_size(entries());
    cut(entries(), eighths);
    expect_right_answers(*opened, false);
    EXPECT_EQ(opened->status().learnwares, lines(0, 400).size());
    EXPECT_EQ(opened->status().indexed, 800U);
    EXPECT_EQ(std::filesystem::file_size(entries()), size) << "they were not written again";
  }
}

TEST_F(LostFilesTest, AllFilesCutShortAtOnceEndNoProcess) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  open().reset();
  const auto opened = open(100);
  search_all(*opened);
  for (const auto& file : segments()) std::filesystem::resize_file(file, 0);
  std::filesystem::resize_file(entries(), 0);
  expect_right_answers(*opened, false);
  ASSERT_TRUE(opened->tend_index().has_value());
  EXPECT_EQ(opened->status().indexed, 800U);
  expect_right_answers(*opened, true);
}

TEST_F(LostFilesTest, FilesCutShortUnderRunningSearchesGiveRightAnswersOrAnError) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  open().reset();
  const auto opened = open();
  const query::SearchRequest request = requests()[0];
  const auto want = opened->search(request);
  ASSERT_TRUE(want.has_value());
  std::atomic<int> ready = 0, answered = 0;
  const auto ask = [&] {
    ++ready;
    for (int i = 0; i < 50; ++i) {
      const auto have = opened->search(request);
      ++answered;
      if (have)
        expect_same(*have, *want);
      else
        EXPECT_EQ(have.error().code, ErrorCode::corrupt);
    }
  };
  std::thread one(ask), two(ask);
  while (ready < 2 || answered < 4) std::this_thread::yield();
  for (const auto& file : segments()) std::filesystem::resize_file(file, 8192);
  std::filesystem::resize_file(entries(), 0);
  one.join();
  two.join();
  expect_right_answers(*opened, false);
}

TEST_F(LostFilesTest, TheKeeperWritesNoPartOfALostFile) {
  ASSERT_TRUE(reindex::reindex(dock(), options_).has_value());
  open().reset();
  const auto opened = open(100);
  search_all(*opened);
  for (const auto& file : segments()) std::filesystem::resize_file(file, 0);
  std::filesystem::resize_file(entries(), 0);
  static_cast<void>(opened->tend_index());
  expect_right_answers(*opened, false);
}

}  // namespace
}  // namespace learndock::dock
