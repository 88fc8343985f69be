#include "store/index_store.hpp"

#include "store/index_store_example.hpp"
#include "store/index_store_manifest.hpp"
#include "store/segment_writer.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <future>
#include <sys/stat.h>
#include <thread>

namespace learndock::store {
namespace {

using namespace learndock::testing;
using ::testing::HasSubstr;
using Names = std::set<std::string>;

class IndexStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<IndexStore> open() {
    auto store = IndexStore::open(directory_, any_kernels);
    EXPECT_TRUE(store.has_value()) << describe(store.error());
    return store ? std::move(*store) : nullptr;
  }
  [[nodiscard]] std::string file(std::string_view prefix, std::uint64_t number) const {
    return (directory_ / index_file_name(prefix, number)).string();
  }
  [[nodiscard]] Names files() const {
    Names names = files_below(directory_);
    for (const char* always : {"LOCK", "MANIFEST"}) EXPECT_EQ(names.erase(always), 1u) << always;
    return names;
  }
  void expect_sound(std::uint64_t covers) const {
    const auto version = read_index(directory_, any_kernels);
    ASSERT_TRUE(version.has_value()) << describe(version.error());
    EXPECT_EQ(fault_in(*version), "");
    EXPECT_EQ(version->content.covers, covers);
  }
  TemporaryFolder folder_;
  std::filesystem::path directory_ = folder_ / "index";
};

TEST_F(IndexStoreTest, AFolderThatIsNewOrNotThereIsTheEmptyIndex) {
  const auto none = read_index(directory_, any_kernels);
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->number, 0u);
  EXPECT_TRUE(none->rebuild_needed.empty());
  EXPECT_FALSE(std::filesystem::exists(directory_)) << "reading made a folder";
  const auto store = open();
  EXPECT_EQ(store->current()->number, 0u);
  EXPECT_TRUE(files().empty());
  EXPECT_EQ(read_index(directory_, any_kernels)->number, 0u);
}

TEST_F(IndexStoreTest, GivesBackWhatWasCommitted) {
  IndexContent content;
  {
    const auto store = open();
    content.segments = {add_segment(*store).value(), add_segment(*store).value()};
    content.covers = 77;
    content.options = {{"kernel", "gaussian \"0.1\""}, {"empty", ""}};
    content.kernels = R"([{"gamma":0.3}])";
    const auto version = store->commit(content, 0);
    ASSERT_TRUE(version.has_value()) << describe(version.error());
    EXPECT_EQ((*version)->number, 1u);
    EXPECT_EQ(store->current(), *version);
  }
  for (const auto& version : {*read_index(directory_, any_kernels), *open()->current()}) {
    EXPECT_TRUE(version.rebuild_needed.empty());
    EXPECT_EQ(version.number, 1u);
    EXPECT_EQ(version.content.covers, 77u);
    EXPECT_EQ(version.content.options, content.options);
    EXPECT_EQ(version.content.kernels, content.kernels);
    ASSERT_EQ(version.content.segments.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_EQ(version.content.segments[i]->info(), content.segments[i]->info());
  }
}

TEST_F(IndexStoreTest, OneWriterAndAnyReaders) {
  const auto store = open();
  const auto second = IndexStore::open(directory_, any_kernels);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
  EXPECT_TRUE(read_index(directory_, any_kernels).has_value());
}

TEST_F(IndexStoreTest, RefusesWhatWasMadeFromAnotherVersion) {
  const auto store = open();
  ASSERT_TRUE(commit_one_more(*store).has_value());
  const auto late = store->commit({}, 0);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::conflict);
  expect_sound(1);
}

TEST_F(IndexStoreTest, RefusesContentThatDoesNotFit) {
  const auto store = open();
  const auto sound = add_segment(*store).value();
  ASSERT_TRUE(write_segment(folder_ / "segment-0000000000000001.lds", sections_of(1)).has_value());
  const auto elsewhere = Segment::open(folder_ / "segment-0000000000000001.lds").value();
  ASSERT_TRUE(write_segment(directory_ / "other.lds", sections_of(1)).has_value());
  const auto misnamed = Segment::open(directory_ / "other.lds").value();
  const auto removed = add_segment(*store).value();
  store->discard(removed->path());
  const std::vector<IndexContent> contents = {{1, {sound, elsewhere}, {}},
                                              {1, {misnamed}, {}},
                                              {1, {removed}, {}},
                                              {1, {sound, sound}, {}},
                                              {1, {sound}, {{"key", "\xff"}}},
                                              {1, {sound}, {{"key", std::string(17 << 20, 'x')}}}};
  for (std::size_t i = 0; i < contents.size(); ++i) {
    const auto committed = store->commit(contents[i], 0);
    ASSERT_FALSE(committed.has_value()) << i;
    EXPECT_EQ(committed.error().code, ErrorCode::invalid_argument) << i;
    EXPECT_EQ(store->current()->number, 0u);
  }
  EXPECT_TRUE(store->commit({1, {sound}, {}}, 0).has_value());
}

TEST_F(IndexStoreTest, SweepsLeftoversAndNothingElse) {
  {
    const auto store = open();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(commit_one_more(*store).has_value());
    ASSERT_TRUE(add_segment(*store).has_value());  // never committed
  }
  const Names named = {"MANIFEST.previous", "segment-0000000000000001.lds", "segment-0000000000000002.lds",
                       "segment-0000000000000003.lds"};
  for (const char* left : {"segment-00000000000000ff.lds", "deleted-0000000000000009.lds", "MANIFEST.9.0.tmp",
                           "MANIFEST.previous.7.1.tmp", "segment-0000000000000002.lds.1.2.tmp"})
    put_file(directory_ / left, "x");
  Names kept = named;
  for (const char* strange : {"README", "notes.tmp", "segment-1.lds", "segment-00000000000000FF.lds"}) {
    put_file(directory_ / strange, "x");
    kept.insert(strange);
  }
  std::filesystem::create_directory(directory_ / "build");
  kept.insert("build/");
  const auto store = open();
  EXPECT_EQ(files(), kept);
  expect_sound(3);
  EXPECT_EQ(store->next_segment().generation, 0x100u) << "numbers go on after the leftovers";
}

TEST_F(IndexStoreTest, CommitsLeaveAloneWhatIsBeingWritten) {
  const auto store = open();
  const auto place = store->next_segment();
  auto writer = SegmentWriter::create(place.path, {1, place.generation}).value();
  const auto finished = add_segment(*store).value();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(commit_one_more(*store).has_value());
  ASSERT_TRUE(writer.finish(0).has_value());
  EXPECT_TRUE(std::filesystem::exists(finished->path()));
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(commit_one_more(*store).has_value());
  EXPECT_TRUE(std::filesystem::exists(place.path));
  store->discard(place.path);
  EXPECT_FALSE(std::filesystem::exists(place.path));
  const auto committed = store->current()->content.segments.front();
  store->discard(committed->path());
  EXPECT_TRUE(std::filesystem::exists(committed->path())) << "a committed file was discarded";
}

TEST_F(IndexStoreTest, KeepsTheFilesOfTwoVersions) {
  const auto store = open();
  for (std::uint64_t i = 0; i < 5; ++i) {
    IndexContent content{1, {add_segment(*store).value()}, {}};
    ASSERT_TRUE(store->commit(std::move(content), i).has_value());
  }
  EXPECT_EQ(files(),
            (Names{"MANIFEST.previous", "segment-0000000000000004.lds", "segment-0000000000000005.lds"}));
}

TEST_F(IndexStoreTest, AReaderKeepsItsVersionWhenItsFilesAreGone) {
  const auto store = open();
  ASSERT_TRUE(commit_one_more(*store).has_value());
  const auto held = read_index(directory_, any_kernels).value();
  for (std::uint64_t number = 1; number < 4; ++number) ASSERT_TRUE(store->commit({}, number).has_value());
  EXPECT_EQ(files(), Names{"MANIFEST.previous"});
  EXPECT_EQ(fault_in(held), "");
}

TEST_F(IndexStoreTest, RollsBackUnderANewNumber) {
  const auto store = open();
  EXPECT_EQ(store->rollback().error().code, ErrorCode::not_found);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(commit_one_more(*store).has_value());
  for (std::uint64_t number = 4; number < 6; ++number) {
    const auto back = store->rollback();
    ASSERT_TRUE(back.has_value()) << describe(back.error());
    EXPECT_EQ((*back)->number, number);
    expect_sound(2);
  }
  EXPECT_FALSE(std::filesystem::exists(file(kSegmentPrefix, 3))) << "the version given up is swept";
  ASSERT_TRUE(commit_one_more(*store).has_value());
  EXPECT_EQ(store->current()->number, 6u);
  EXPECT_TRUE(std::filesystem::exists(file(kSegmentPrefix, 4))) << "a number was used twice";
  expect_sound(3);
}

TEST_F(IndexStoreTest, AdoptsASegmentBuiltElsewhere) {
  const auto store = open();
  ASSERT_TRUE(write_segment(folder_ / "shard", sections_of(1), {1, 1}, kItems).has_value());
  auto adopted = store->adopt(folder_ / "shard");
  ASSERT_TRUE(adopted.has_value()) << describe(adopted.error());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "shard"));
  ASSERT_TRUE(store->commit({1, {*adopted}, {}}, 0).has_value());
  expect_sound(1);
  put_file(folder_ / "shard", "something else");
  EXPECT_EQ(store->adopt(folder_ / "shard").error().code, ErrorCode::corrupt);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "shard"));
  EXPECT_EQ(store->adopt(folder_ / "none").error().code, ErrorCode::not_found);
}

TEST_F(IndexStoreTest, AFullDiskLeavesTheOldVersion) {
  const auto store = open();
  // With the last limit MANIFEST.previous has room, and MANIFEST has not.
  const IndexContent content{1, {add_segment(*store).value()}, {{"long", std::string(300, 'x')}}};
  for (const rlim_t limit : {0ul, 60ul, 200ul}) {
    const FileSizeLimit full(limit);
    const auto committed = store->commit(content, 0);
    ASSERT_FALSE(committed.has_value()) << limit;
    EXPECT_EQ(committed.error().code, ErrorCode::no_space);
    EXPECT_EQ(store->current()->number, 0u);
    EXPECT_EQ(read_index(directory_, any_kernels)->number, 0u);
  }
  ASSERT_TRUE(store->commit(content, 0).has_value());
  expect_sound(1);
}

TEST_F(IndexStoreTest, AReaderWhoseFilesWereSweptStartsAgain) {
  ASSERT_TRUE(commit_one_more(*open()).has_value());
  const auto manifest = directory_ / "MANIFEST";
  const Manifest now = read_manifest(manifest, any_kernels).value();
  Manifest before = now;
  before.segments = {{index_file_name(kSegmentPrefix, 99), 1, kItems}};  // gone, as after two commits
  // The reader gets the old manifest from a pipe, which makes it wait until the new one is in its place.
  std::filesystem::rename(manifest, folder_ / "new");
  ASSERT_EQ(::mkfifo(manifest.c_str(), 0600), 0);
  auto found = std::async(std::launch::async, [&] { return read_index(directory_, any_kernels); });
  {
    std::ofstream pipe(manifest, std::ios::binary);
    std::filesystem::rename(folder_ / "new", manifest);
    pipe << manifest_text(before);
  }
  const auto version = found.get();
  ASSERT_TRUE(version.has_value()) << describe(version.error());
  EXPECT_EQ(fault_in(*version), "");
  EXPECT_EQ(version->content.covers, 1u);
}

TEST_F(IndexStoreTest, ReadersBesideAWriterSeeWholeVersions) {
  const auto store = open();
  std::atomic<bool> done = false;
  std::atomic<int> reads = 0;
  std::vector<std::string> faults(3);
  {
    std::vector<std::jthread> readers;
    for (std::string& fault : faults)
      readers.emplace_back([&] {
        for (std::uint64_t newest = 0; !done && fault.empty(); ++reads) {
          const auto version = read_index(directory_, any_kernels);
          fault = version ? fault_in(*version) : describe(version.error());
          if (fault.empty() && version->number < newest) fault = "an older version came after a newer one";
          if (fault.empty()) newest = version->number;
          const auto held = store->current();
          if (fault.empty()) fault = fault_in(*held);
        }
      });
    for (int round = 0; round < 60; ++round) {
      const bool full = store->current()->content.covers == 4;
      EXPECT_TRUE(full ? store->commit({}, store->current()->number).has_value()
                       : commit_one_more(*store).has_value());
      EXPECT_TRUE(round % 10 != 9 || store->rollback().has_value());
    }
    while (reads < 10) std::this_thread::yield();
    done = true;
  }
  for (const std::string& fault : faults) EXPECT_EQ(fault, "");
}

}  // namespace
}  // namespace learndock::store
