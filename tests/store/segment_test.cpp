#include "store/segment.hpp"

#include "store/segment_example.hpp"
#include "store/segment_writer.hpp"
#include "support/kill_nine.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <sys/stat.h>
#include <thread>

namespace learndock::store {
namespace {

using namespace learndock::testing;
using ::testing::HasSubstr;

class SegmentTest : public ::testing::Test {
 protected:
  void write_example() {
    const auto written = write_segment(path_, sections_);
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    info_ = *written;
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "a.lds";
  std::vector<ExampleSection> sections_ = example_sections(11);
  SegmentInfo info_;
};

TEST_F(SegmentTest, GivesBackWhatWasWritten) {
  write_example();
  const auto segment = Segment::open(path_, {.everything = true, .threads = 2});
  ASSERT_TRUE(segment.has_value()) << describe(segment.error());
  EXPECT_EQ((*segment)->info(), info_);
  EXPECT_EQ(info_.kind, 5u);
  EXPECT_EQ(info_.generation, 42u);
  EXPECT_EQ(info_.items, 9u);
  EXPECT_EQ(info_.file_bytes, std::filesystem::file_size(path_));
  ASSERT_EQ((*segment)->sections().size(), sections_.size());
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const auto found = (*segment)->section(sections_[i].id);
    ASSERT_TRUE(found.has_value()) << describe(found.error());
    EXPECT_TRUE(std::ranges::equal(*found, sections_[i].bytes)) << sections_[i].id;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->data()) % sections_[i].alignment, 0u);
    EXPECT_EQ((*segment)->sections()[i].id, sections_[i].id);
  }
  EXPECT_EQ(files_below(folder_.path()), std::set<std::string>{"a.lds"});
}

TEST_F(SegmentTest, PiecesOfAnySizeGiveTheSameFile) {
  write_example();
  const auto cut = folder_ / "cut.lds";
  auto writer = SegmentWriter::create(cut, {5, 42}).value();
  std::mt19937 random(3);
  for (const ExampleSection& section : sections_) {
    ASSERT_TRUE(writer.begin_section(section.id, section.alignment).has_value());
    for (std::span<const std::byte> left = section.bytes; !left.empty();) {
      const std::size_t most = random() % 3 == 0 ? 700'000 : 3'000;
      const auto piece = left.first(std::min<std::size_t>(left.size(), random() % most));
      ASSERT_TRUE(writer.append(piece).has_value());
      left = left.subspan(piece.size());
    }
    writer.end_section();
  }
  EXPECT_EQ(writer.finish(9).value(), info_);
  EXPECT_TRUE(io::read_file(cut).value() == io::read_file(path_).value());
}

TEST_F(SegmentTest, LiesAsTheFormatSays) {
  ASSERT_TRUE(write_segment(path_, {{0x01020304, 128, {}}, {9, 64, random_bytes(1, 1)}}, {7, 0x1122}, 3));
  std::string bytes = io::read_file(path_).value();
  ASSERT_EQ(bytes.size(), 192u + 2 * 24 + 4);  // SEGMENT.md: head, padding, one byte, padding, table
  EXPECT_EQ(bytes.substr(0, 8), "LDSEGMNT");
  const auto number = [&](std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  EXPECT_EQ(number(8, 4), 1u);
  EXPECT_EQ(number(12, 4), 7u);
  EXPECT_EQ(number(16, 8), 0x1122u);
  EXPECT_EQ(number(24, 8), 3u);
  EXPECT_EQ(number(32, 8), bytes.size());
  EXPECT_EQ(number(40, 8), 192u);
  EXPECT_EQ(number(48, 4), 2u);
  EXPECT_EQ(number(52, 4), std::uint64_t{1} << 20);
  EXPECT_EQ(number(192, 4), 0x01020304u);
  EXPECT_EQ(number(196, 4), 128u);
  EXPECT_EQ(number(200, 8), 128u);
  EXPECT_EQ(number(208, 8), 0u);
  EXPECT_EQ(number(216, 4), 9u);
  EXPECT_EQ(number(224, 8), 128u) << "an empty section takes no room";
  EXPECT_EQ(number(232, 8), 1u);
}

TEST_F(SegmentTest, ASegmentWithoutSectionsIsOne) {
  ASSERT_TRUE(write_segment(path_, {}, {1, 2}, 0).has_value());
  const auto segment = Segment::open(path_, {.everything = true});
  ASSERT_TRUE(segment.has_value()) << describe(segment.error());
  EXPECT_TRUE((*segment)->sections().empty());
  EXPECT_EQ(std::filesystem::file_size(path_), 64u);
}

TEST_F(SegmentTest, GivesValuesAndRanges) {
  const std::vector<double> numbers = {1.5, -2, 3e100};
  {
    auto writer = SegmentWriter::create(path_, {}).value();
    ASSERT_TRUE(writer.add_section(4, std::span(numbers)).has_value());
    ASSERT_TRUE(writer.finish(3).has_value());
  }
  const auto segment = Segment::open(path_).value();
  EXPECT_TRUE(std::ranges::equal(segment->values<double>(4).value(), numbers));
  EXPECT_EQ(segment->bytes(4, 8, 16)->size(), 16u);
  EXPECT_EQ(segment->bytes(4, 24, 0)->size(), 0u);
  EXPECT_EQ(segment->bytes(4, 25, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(segment->bytes(4, 8, 17).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(segment->bytes(4, 8, ~std::uint64_t{0}).error().code, ErrorCode::invalid_argument);
  struct Odd {
    char bytes[7];
  };
  EXPECT_EQ(segment->values<Odd>(4).error().code, ErrorCode::corrupt);
  EXPECT_EQ(segment->section(5).error().code, ErrorCode::corrupt);
  EXPECT_EQ(segment->verify(std::vector<std::uint32_t>{5}, 1).error().code, ErrorCode::corrupt);
}

TEST_F(SegmentTest, TakesAdviceAndChangesNothing) {
  write_example();
  const auto segment = Segment::open(path_).value();
  for (const Access access : {Access::random, Access::unneeded}) EXPECT_TRUE(segment->advise(2, access));
  (void)segment->advise(2, Access::huge_pages);  // the kernel may have none for files
  EXPECT_FALSE(segment->advise(99, Access::random));
  EXPECT_TRUE(std::ranges::equal(segment->section(2).value(), sections_[2].bytes));
}

TEST_F(SegmentTest, StaysReadableWhenItsNameIsGone) {
  write_example();
  const auto segment = Segment::open(path_).value();
  std::filesystem::remove(path_);
  EXPECT_TRUE(std::ranges::equal(segment->section(2).value(), sections_[2].bytes));
}

TEST_F(SegmentTest, AFileCutWhileOpenIsAnErrorWhereItWasNotCheckedYet) {
  write_example();
  const auto segment = Segment::open(path_).value();
  std::filesystem::resize_file(path_, 5000);
  EXPECT_EQ(segment->section(2).error().code, ErrorCode::corrupt);
  EXPECT_TRUE(segment->section(1).has_value());
}

TEST_F(SegmentTest, ManyThreadsCheckTheSameSection) {
  write_example();
  const auto segment = Segment::open(path_).value();
  std::atomic<int> equal = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (const ExampleSection& section : sections_) {
          const auto found = segment->section(section.id);
          if (found && std::ranges::equal(*found, section.bytes)) ++equal;
        }
      });
  }
  EXPECT_EQ(equal, 4 * static_cast<int>(sections_.size()));
}

TEST_F(SegmentTest, RefusesWhatIsNoFileOfItsOwn) {
  EXPECT_EQ(Segment::open(path_).error().code, ErrorCode::not_found);
  EXPECT_EQ(Segment::open(folder_.path()).error().code, ErrorCode::corrupt);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(Segment::open(path_).error().code, ErrorCode::corrupt);
}

TEST_F(SegmentTest, WriterRefusesWhatTheFormatCannotHold) {
  auto writer = SegmentWriter::create(path_, {}).value();
  EXPECT_EQ(writer.begin_section(0).error().code, ErrorCode::invalid_argument);
  for (const std::uint32_t alignment : {0u, 1u, 32u, 96u, 8192u})
    EXPECT_EQ(writer.begin_section(1, alignment).error().code, ErrorCode::invalid_argument) << alignment;
  for (std::uint32_t id = 1; id <= kMaxSections; ++id)
    ASSERT_TRUE(writer.add_section(id, std::span<const std::byte>()).has_value());
  EXPECT_EQ(writer.begin_section(1).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(writer.begin_section(kMaxSections + 1).error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(writer.finish(0).has_value());
  EXPECT_EQ(Segment::open(path_).value()->sections().size(), kMaxSections);
}

TEST_F(SegmentTest, AnUnfinishedOrRefusedWriterLeavesNothing) {
  {
    auto writer = SegmentWriter::create(path_, {}).value();
    ASSERT_TRUE(writer.add_section(1, std::span(sections_[2].bytes)).has_value());
    EXPECT_EQ(files_below(folder_.path()).size(), 1u);
  }
  EXPECT_TRUE(files_below(folder_.path()).empty());
  EXPECT_EQ(SegmentWriter::create(folder_ / "none" / "a.lds", {}).error().code, ErrorCode::not_found);
  put_file(path_, "mine");
  EXPECT_EQ(write_segment(path_, sections_).error().code, ErrorCode::conflict);
  EXPECT_TRUE(io::read_file(path_).value() == "mine");
  EXPECT_EQ(files_below(folder_.path()), std::set<std::string>{"a.lds"});
}

TEST_F(SegmentTest, AFullDiskIsSaidAndLeavesNothing) {
  for (const rlim_t limit : {10ul, 5000ul, 1ul << 20, 3ul << 20}) {
    const FileSizeLimit full(limit);
    const auto written = write_segment(path_, sections_);
    ASSERT_FALSE(written.has_value()) << limit;
    EXPECT_EQ(written.error().code, ErrorCode::no_space);
    EXPECT_THAT(written.error().where, HasSubstr(path_.string()));
    EXPECT_TRUE(files_below(folder_.path()).empty()) << limit;
  }
}

}  // namespace
}  // namespace learndock::store
