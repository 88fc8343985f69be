// Each damaged file is detected before a byte of the damaged part is handed out.
#include "io/crc32c.hpp"
#include "store/segment.hpp"
#include "store/segment_example.hpp"
#include "store/segment_layout.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace learndock::store {
namespace {

using namespace learndock::testing;
using ::testing::HasSubstr;

class SegmentDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_segment(path_, sections_).has_value());
    const auto segment = Segment::open(path_).value();
    found_.assign(segment->sections().begin(), segment->sections().end());
    info_ = segment->info();
    const SectionInfo& last = found_.back();
    table_ = aligned_up(last.offset + last.length, 64);
  }
  [[nodiscard]] const SectionInfo* section_at(std::uint64_t byte) const {
    for (const SectionInfo& section : found_)
      if (byte >= section.offset && byte < section.offset + section.length) return &section;
    return nullptr;
  }
  void expect_refused_at_open(const std::string& what) const {
    const auto opened = Segment::open(path_);
    ASSERT_FALSE(opened.has_value()) << what;
    EXPECT_EQ(opened.error().code, ErrorCode::corrupt) << what << ": " << describe(opened.error());
    EXPECT_THAT(opened.error().where, HasSubstr(path_.string())) << what;
    EXPECT_THAT(opened.error().fix, HasSubstr("learndock reindex")) << what;
  }
  /// Only the chunk that holds `byte` is refused, and everything else is given as it was written.
  void expect_refused_at_use(std::uint64_t byte) const {
    const SectionInfo& hit = *section_at(byte);
    const auto segment = Segment::open(path_).value();
    const std::uint64_t within = byte - hit.offset;
    const std::uint64_t chunk = within / kSegmentChunkBytes;
    for (std::size_t i = 0; i < sections_.size(); ++i) {
      const auto& bytes = sections_[i].bytes;
      const auto whole = segment->section(sections_[i].id);
      ASSERT_EQ(whole.has_value(), sections_[i].id != hit.id) << byte;
      EXPECT_TRUE(!whole || std::ranges::equal(*whole, bytes)) << byte;
      if (whole) continue;
      EXPECT_EQ(whole.error().code, ErrorCode::corrupt);
      EXPECT_THAT(whole.error().message, HasSubstr(fmt::format("section {} is damaged", hit.id)));
      EXPECT_THAT(whole.error().where, HasSubstr(fmt::format("section {}:byte {}", hit.id,
                                                             hit.offset + chunk * kSegmentChunkBytes)));
      for (std::uint64_t other = 0; other < chunks_of(hit.length); ++other) {
        const std::uint64_t begin = other * kSegmentChunkBytes;
        const std::uint64_t length = std::min(kSegmentChunkBytes, hit.length - begin);
        const auto part = segment->bytes(hit.id, begin, length);
        ASSERT_EQ(part.has_value(), other != chunk) << byte;
        EXPECT_TRUE(!part || std::ranges::equal(*part, std::span(bytes).subspan(begin, length)));
      }
      EXPECT_FALSE(segment->bytes(hit.id, within, 1).has_value());
    }
    EXPECT_EQ(Segment::open(path_, {.everything = true, .threads = 2}).error().code, ErrorCode::corrupt);
    EXPECT_EQ(Segment::open(path_).value()->verify(std::vector{hit.id}, 1).error().code, ErrorCode::corrupt);
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "a.lds";
  std::vector<ExampleSection> sections_ = example_sections(12);
  std::vector<SectionInfo> found_;
  SegmentInfo info_;
  std::uint64_t table_ = 0;
};

TEST_F(SegmentDamage, EveryBitOfTheHead) {
  for (std::uint64_t byte = 0; byte < kSegmentHeaderBytes; ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      const FlippedBit damage(path_, byte, bit);
      expect_refused_at_open(fmt::format("bit {} of byte {}", bit, byte));
    }
}

TEST_F(SegmentDamage, EveryByteOfTheTable) {
  ASSERT_GT(info_.file_bytes - table_, 5u * kSectionEntryBytes);
  for (std::uint64_t byte = table_; byte < info_.file_bytes; ++byte) {
    const FlippedBit damage(path_, byte, static_cast<int>(byte % 8));
    expect_refused_at_open(fmt::format("byte {}", byte));
  }
}

TEST_F(SegmentDamage, EveryByteOfThePadding) {
  std::size_t count = 0;
  for (std::uint64_t byte = kSegmentHeaderBytes; byte < table_; ++byte) {
    if (byte == found_[2].offset) byte += found_[2].length;
    if (byte == found_[3].offset) byte += found_[3].length;
    if (section_at(byte) != nullptr || byte >= table_) continue;
    const FlippedBit damage(path_, byte, static_cast<int>(byte % 8));
    expect_refused_at_open(fmt::format("byte {}", byte));
    ++count;
  }
  EXPECT_GT(count, 1000u);
}

TEST_F(SegmentDamage, EachSectionAtItsEndsAndAtRandomPlaces) {
  std::mt19937_64 random(5);
  for (const SectionInfo& section : found_) {
    if (section.length == 0) continue;
    std::vector<std::uint64_t> places = {0, section.length - 1};
    for (std::uint64_t edge = kSegmentChunkBytes; edge < section.length; edge += kSegmentChunkBytes)
      places.insert(places.end(), {edge - 1, edge});
    while (places.size() < 25) places.push_back(random() % section.length);
    for (const std::uint64_t place : places) {
      const FlippedBit damage(path_, section.offset + place, static_cast<int>(random() % 8));
      expect_refused_at_use(section.offset + place);
    }
  }
  ASSERT_TRUE(Segment::open(path_, {.everything = true}).has_value()) << "the damage was not undone";
}

TEST_F(SegmentDamage, TruncatedAtEveryBoundaryAndAtRandomPlaces) {
  const std::string sound = io::read_file(path_).value();
  std::set<std::uint64_t> lengths = {
      0, 1, kSegmentHeaderBytes - 1, kSegmentHeaderBytes, table_, sound.size() - 1};
  for (const SectionInfo& section : found_)
    lengths.insert({section.offset, section.offset + section.length / 2, section.offset + section.length});
  for (std::size_t i = 0; i <= found_.size(); ++i) lengths.insert(table_ + i * kSectionEntryBytes);
  std::mt19937_64 random(6);
  while (lengths.size() < 120) lengths.insert(random() % sound.size());
  for (auto length = lengths.rbegin(); length != lengths.rend(); ++length) {
    std::filesystem::resize_file(path_, *length);
    expect_refused_at_open(fmt::format("{} bytes", *length));
  }
}

TEST_F(SegmentDamage, Extended) {
  const std::string sound = io::read_file(path_).value();
  for (const std::string& more : {std::string(1, '\0'), std::string("x"), std::string(64, '\0'),
                                  std::string(4096, '\0'), sound.substr(table_), sound}) {
    put_file(path_, sound + more);
    expect_refused_at_open(fmt::format("{} bytes more", more.size()));
  }
}

TEST_F(SegmentDamage, PartsOfAnotherSegment) {
  const auto other_path = folder_ / "b.lds";
  ASSERT_TRUE(write_segment(other_path, example_sections(13)).has_value());
  const std::string sound = io::read_file(path_).value();
  const std::string other = io::read_file(other_path).value();
  ASSERT_EQ(sound.size(), other.size());
  put_file(path_, other.substr(0, kSegmentHeaderBytes) + sound.substr(kSegmentHeaderBytes));
  expect_refused_at_open("the head");
  put_file(path_, sound.substr(0, table_) + other.substr(table_));
  expect_refused_at_open("the table");
  std::string section = sound;
  section.replace(found_[3].offset, found_[3].length, other, found_[3].offset, found_[3].length);
  put_file(path_, section);
  expect_refused_at_use(found_[3].offset);
  std::string swapped = sound;
  for (std::size_t i = 0; i < 8; ++i)
    std::swap(swapped[found_[2].offset + i], swapped[found_[2].offset + kSegmentChunkBytes + 8 + i]);
  put_file(path_, swapped);
  EXPECT_FALSE(Segment::open(path_).value()->verify(std::vector{2U}, 1).has_value())
      << "words swapped between chunks";
}

/// Fields that a program could have written with their right checksums and that still do not fit.
class SegmentLies : public ::testing::Test {
 protected:
  SegmentLies() {
    (void)write_segment(path_, {{1, 64, random_bytes(100, 1)}, {2, 128, random_bytes(10, 2)}}, {5, 42}, 9);
    sound_ = io::read_file(path_).value();
  }
  template <class T>
  static void put(std::string& bytes, std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  static std::string sealed(std::string bytes, std::size_t table) {
    const auto all = std::as_bytes(std::span(bytes));
    if (table <= bytes.size()) put(bytes, 56, io::crc32c(all.subspan(table)));
    put(bytes, 60, io::crc32c(all.first(60)));
    return bytes;
  }
  Error error_of(const std::string& bytes) {
    put_file(path_, bytes);
    const auto opened = Segment::open(path_);
    return opened ? Error{ErrorCode::internal, "it was opened"} : opened.error();
  }
  static constexpr std::size_t kTable = 320;  // head 64, section 1 to 164, section 2 from 256 to 266
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "a.lds";
  std::string sound_;
};

TEST_F(SegmentLies, SealingASoundFileChangesNothing) { EXPECT_EQ(sealed(sound_, kTable), sound_); }

TEST_F(SegmentLies, ANewerVersionIsUnsupported) {
  put(sound_, 8, std::uint32_t{2});
  EXPECT_EQ(error_of(sealed(sound_, kTable)).code, ErrorCode::unsupported);
}

TEST_F(SegmentLies, FieldsThatDoNotFitAreRefused) {
  const std::uint64_t huge = ~std::uint64_t{0};
  const std::vector<std::pair<std::size_t, std::uint64_t>> longs = {{32, 0},
                                                                    {32, huge},
                                                                    {40, 0},
                                                                    {40, 63},
                                                                    {40, 256},
                                                                    {40, huge},
                                                                    {40, huge - 7},
                                                                    {kTable + 8, 0},
                                                                    {kTable + 8, 65},
                                                                    {kTable + 8, 128},
                                                                    {kTable + 8, huge},
                                                                    {kTable + 16, 0},
                                                                    {kTable + 16, 300},
                                                                    {kTable + 16, huge},
                                                                    {kTable + 16, huge - 64},
                                                                    {kTable + 24 + 8, 64},
                                                                    {kTable + 24 + 8, 192},
                                                                    {kTable + 24 + 8, 384},
                                                                    {kTable + 24 + 16, 65},
                                                                    {kTable + 24 + 16, huge - 255}};
  for (const auto& [at, value] : longs) {
    std::string bytes = sound_;
    put(bytes, at, value);
    EXPECT_EQ(error_of(sealed(bytes, kTable)).code, ErrorCode::corrupt) << at << " = " << value;
  }
  const std::vector<std::pair<std::size_t, std::uint32_t>> words = {
      {48, 0},          {48, 1},          {48, 3},           {48, 4097},  {48, ~0u},
      {52, 0},          {52, 1 << 19},    {kTable, 0},       {kTable, 2}, {kTable + 4, 0},
      {kTable + 4, 32}, {kTable + 4, 96}, {kTable + 4, 8192}};
  for (const auto& [at, value] : words) {
    std::string bytes = sound_;
    put(bytes, at, value);
    EXPECT_EQ(error_of(sealed(bytes, kTable)).code, ErrorCode::corrupt) << at << " = " << value;
  }
}

TEST_F(SegmentLies, AGapBeforeTheTableIsRefused) {
  for (const std::size_t gap : {64u, 8192u}) {
    std::string bytes = sound_;
    bytes.insert(kTable, gap, '\0');
    put(bytes, 32, std::uint64_t{bytes.size()});
    put(bytes, 40, std::uint64_t{kTable + gap});
    EXPECT_EQ(error_of(sealed(bytes, kTable + gap)).code, ErrorCode::corrupt) << gap;
  }
}

TEST_F(SegmentLies, AChecksumTooFewOrTooManyIsRefused) {
  for (const std::size_t length : {sound_.size() - 4, sound_.size() + 4, sound_.size() - 1}) {
    std::string bytes = sound_;
    bytes.resize(length);
    put(bytes, 32, std::uint64_t{length});
    EXPECT_EQ(error_of(sealed(bytes, kTable)).code, ErrorCode::corrupt) << length;
  }
}

}  // namespace
}  // namespace learndock::store
