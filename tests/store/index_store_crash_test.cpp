// Kill -9 of a writer, at each system call it makes and at random moments, and power cuts: what is opened
// afterwards is the old version or the new one, whole.
#include "store/index_store.hpp"
#include "store/index_store_example.hpp"
#include "support/kill_at_call.hpp"
#include "support/kill_nine.hpp"
#include "support/lossy_disk.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>

namespace learndock::store {
namespace {

using namespace learndock::testing;

/// Opens the index as a reader and as a writer would after a crash; both must find a whole version that
/// covers `least` to `most`, and no file that no kept version names. Returns what it covers.
std::uint64_t expect_whole(const std::filesystem::path& directory, std::uint64_t least, std::uint64_t most) {
  const auto read = read_index(directory, any_kernels);
  if (!read) {
    ADD_FAILURE() << describe(read.error());
    return 0;
  }
  EXPECT_EQ(fault_in(*read), "");
  EXPECT_GE(read->content.covers, least);
  EXPECT_LE(read->content.covers, most);
  const auto store = IndexStore::open(directory, any_kernels);
  if (!store) {
    ADD_FAILURE() << describe(store.error());
    return 0;
  }
  EXPECT_EQ(fault_in(*(*store)->current()), "");
  EXPECT_EQ((*store)->current()->number, read->number);
  std::uint64_t segments = 0;
  for (const std::string& name : files_below(directory)) {
    EXPECT_FALSE(name.ends_with(".tmp")) << name;
    segments += name.starts_with("segment-") ? 1 : 0;
  }
  EXPECT_EQ(segments, read->content.covers) << "of two kept versions the older has some of the same segments";
  return read->content.covers;
}

/// An index of two commits in `directory`.
void begin_index(const std::filesystem::path& directory) {
  const auto store = IndexStore::open(directory, any_kernels).value();
  ASSERT_TRUE(commit_one_more(*store).has_value());
  ASSERT_TRUE(commit_one_more(*store).has_value());
}

/// A segment and a kernel in one commit, another value of the kernel and an option in the next, one more
/// segment, and back.
bool commit_kernels_and_options(const std::filesystem::path& directory) {
  const auto store = IndexStore::open(directory, any_kernels);
  if (!store) return false;
  const auto before = (*store)->current();
  IndexContent next = before->content;
  auto segment = add_segment(**store);
  if (!segment) return false;
  next.segments.push_back(std::move(*segment));
  next.covers = before->content.covers + 1;
  next.kernels = "[0.25]";
  const auto version = (*store)->commit(next, before->number);
  if (!version) return false;
  next.kernels = "[0.5]";
  next.options["built"] = "again";
  if (!(*store)->commit(std::move(next), (*version)->number)) return false;
  const auto again = commit_one_more(**store);
  return again.has_value() && (*store)->rollback().has_value();
}

/// The kernel came with the third segment, and its second value with the option.
void expect_kernel_of(const std::filesystem::path& directory, std::uint64_t covers) {
  const IndexVersion version = read_index(directory, any_kernels).value();
  const std::string& kernels = version.content.kernels;
  EXPECT_EQ(!kernels.empty(), covers > 2);
  EXPECT_EQ(version.content.options.contains("built"), kernels == "[0.5]");
  if (covers == 4) {
    EXPECT_EQ(kernels, "[0.5]");
  }
}

TEST(IndexStoreCrash, KilledAtEachSystemCallOfCommitsAndARollback) {
  const TemporaryFolder folder;
  begin_index(folder / "sound");
  int call = 0;
  std::set<std::uint64_t> found;
  for (bool more = true; more; ++call) {
    const auto directory = folder / std::to_string(call);
    std::filesystem::copy(folder / "sound", directory);
    const Ended ended = kill_at_call(call, [&] { return commit_kernels_and_options(directory); });
    if (ended == Ended::not_traceable) GTEST_SKIP() << "this system does not let a process trace its child";
    more = ended == Ended::killed;
    const std::uint64_t covers = expect_whole(directory, 2, 4);
    found.insert(covers);
    expect_kernel_of(directory, covers);
    ASSERT_FALSE(HasFailure()) << "killed at call " << call;
    std::filesystem::remove_all(directory);
  }
  EXPECT_GE(call, 200) << "too few points";
  EXPECT_EQ(found, (std::set<std::uint64_t>{2, 3, 4})) << "the kills did not reach every version";
}

TEST(IndexStoreCrash, KilledAtEachSystemCallOfWritingASegment) {
  const TemporaryFolder folder;
  const auto directory = folder / "index";
  begin_index(directory);
  std::vector<ExampleSection> sections;
  for (std::uint32_t id = 1; id <= 110; ++id) sections.push_back({id, 4096, random_bytes(300'000, id)});
  int call = 0;
  bool finished = false;
  for (bool more = true; more; ++call) {
    const auto path = directory / "segment-00000000000000aa.lds";
    const Ended ended = kill_at_call(call, [&] { return write_segment(path, sections).has_value(); });
    if (ended == Ended::not_traceable) GTEST_SKIP() << "this system does not let a process trace its child";
    more = ended == Ended::killed;
    if (std::filesystem::exists(path)) {
      finished = true;
      ASSERT_TRUE(Segment::open(path, {.everything = true}).has_value()) << "killed at call " << call;
    }
    EXPECT_EQ(expect_whole(directory, 2, 2), 2u);
    ASSERT_FALSE(std::filesystem::exists(path)) << "an unnamed segment was not swept";
  }
  EXPECT_GE(call, 200) << "too few points";
  EXPECT_TRUE(finished);
}

TEST(IndexStoreCrash, WhatWasCommittedSurvivesKill9AtRandomMoments) {
  const TemporaryFolder folder;
  std::size_t acknowledged = 0;
  std::uint64_t covers = 0;
  const unsigned rounds = testing::kill_points(100);
  for (unsigned round = 0; round < rounds; ++round) {
    const auto directory = folder / std::to_string(round / 5);
    if (round % 5 == 0) covers = 0;
    const auto names = run_and_kill(round, [&](const Acknowledge& acknowledge) {
      const auto store = IndexStore::open(directory, any_kernels);
      if (!store) return;
      while (const auto version = commit_one_more(**store))
        acknowledge(std::to_string((*version)->content.covers));
    });
    if (!names.empty()) {
      const std::string& last = names.back();
      std::from_chars(last.data(), last.data() + last.size(), covers);
    }
    // At most one commit was made and not acknowledged.
    covers = expect_whole(directory, covers, covers + 1);
    ASSERT_FALSE(HasFailure()) << "round " << round;
    acknowledged += names.size();
  }
  EXPECT_GT(acknowledged, rounds) << "the rounds were too short to prove anything";
}

/// The folder is made by the store, so its own name must be flushed, too.
TEST(IndexStorePower, WhatANewIndexCommittedSurvivesAPowerCut) {
  std::uint64_t covers = 0;
  const std::size_t calls = cut_power_at_each_call(
      {.prepare = [&](const std::filesystem::path&) { covers = 0; },
       .work =
           [&](const std::filesystem::path& folder) {
             const auto store = IndexStore::open(folder / "index", any_kernels);
             if (!store) return;
             for (int i = 0; i < 3; ++i)
               if (const auto version = commit_one_more(**store)) covers = (*version)->content.covers;
           },
       .check =
           [&](const std::filesystem::path& folder) { expect_whole(folder / "index", covers, covers + 1); }});
  EXPECT_GE(calls, 40U) << "too few points";
  EXPECT_EQ(covers, 3U);
}

TEST(IndexStorePower, CommitsAndARollbackAreTheOldOrTheNewVersionAfterAPowerCut) {
  std::set<std::uint64_t> found;
  bool done = false;
  cut_power_at_each_call(
      {.prepare = [&](const std::filesystem::path& folder) { begin_index(folder / "index"); },
       .work =
           [&](const std::filesystem::path& folder) { done = commit_kernels_and_options(folder / "index"); },
       .check =
           [&](const std::filesystem::path& folder) {
             const std::uint64_t covers = expect_whole(folder / "index", 2, 4);
             expect_kernel_of(folder / "index", covers);
             found.insert(covers);
             EXPECT_TRUE(!done || covers == 3) << "the rollback was acknowledged";
           }});
  EXPECT_TRUE(done);
  EXPECT_EQ(found, (std::set<std::uint64_t>{2, 3, 4}));
}

/// A re-index builds its segments in another folder.
TEST(IndexStorePower, AnAdoptedSegmentSurvivesAPowerCutOnceItIsCommitted) {
  bool done = false;
  cut_power_at_each_call(
      {.prepare =
           [&](const std::filesystem::path& folder) {
             begin_index(folder / "index");
             ASSERT_TRUE(write_segment(folder / "piece", sections_of(77), {1, 77}, kItems));
           },
       .work =
           [&](const std::filesystem::path& folder) {
             done = false;
             const auto store = IndexStore::open(folder / "index", any_kernels);
             const auto segment = store ? (*store)->adopt(folder / "piece") : Failure(store.error());
             if (!segment) return;
             IndexContent next = (*store)->current()->content;
             next.segments.push_back(*segment);
             ++next.covers;
             done = (*store)->commit(std::move(next), (*store)->current()->number).has_value();
           },
       .check =
           [&](const std::filesystem::path& folder) { expect_whole(folder / "index", done ? 3 : 2, 3); }});
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace learndock::store
