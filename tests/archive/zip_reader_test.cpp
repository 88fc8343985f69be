#include "archive/zip_reader.hpp"

#include "support/raw_zip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace learndock::archive {
namespace {

using namespace learndock::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Opened {
  std::string bytes;
  Result<ZipArchive> archive;
};

/// The archive keeps a view of the bytes, so both travel together.
std::unique_ptr<Opened> open(const RawZip& zip, const archive::ArchiveLimits& limits = {}) {
  auto opened = std::make_unique<Opened>(Opened{zip.bytes(), fail(ErrorCode::internal, "not yet opened")});
  opened->archive = ZipArchive::open(memory_source(opened->bytes), limits);
  return opened;
}

/// Takes content that packs well, as test content does.
archive::ArchiveLimits of_any_ratio() {
  archive::ArchiveLimits limits;
  limits.ratio_allowance = limits.max_expanded_bytes;
  return limits;
}

Result<std::string> content(const ZipArchive& archive, std::size_t index) {
  std::string bytes;
  LEARNDOCK_CHECK(archive.extract(archive.entries()[index], [&](std::string_view piece) -> Result<void> {
    bytes.append(piece);
    return {};
  }));
  return bytes;
}

TEST(ZipReader, ReadsStoredDeflatedAndEmptyEntries) {
  const std::string big(200'000, 'b');
  const RawZip zip{
      {raw_file("a", "stored"), raw_file("b", big, true), raw_directory("c/"), raw_file("c/d", "")}};
  const auto opened = open(zip, of_any_ratio());
  ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
  const ZipArchive& archive = *opened->archive;
  ASSERT_EQ(archive.entries().size(), 4u);
  EXPECT_EQ(content(archive, 0).value(), "stored");
  EXPECT_EQ(content(archive, 1).value(), big);
  EXPECT_TRUE(archive.entries()[2].directory);
  EXPECT_EQ(content(archive, 3).value(), "");
  EXPECT_TRUE(archive.warnings().empty());
}

TEST(ZipReader, AcceptsEveryFormOfDataDescriptor) {
  for (const bool is_signed : {true, false})
    for (const bool wide : {true, false}) {
      const RawZip zip{
          {raw_streamed("a", "first", is_signed, wide), raw_streamed("b", "second", is_signed, wide)}};
      const auto opened = open(zip);
      ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
      EXPECT_EQ(content(*opened->archive, 0).value(), "first");
      EXPECT_EQ(content(*opened->archive, 1).value(), "second");
    }
}

TEST(ZipReader, AcceptsZip64FieldsAndRecords) {
  RawEntry entry = raw_file("a", "zip64 although small");
  entry.central.size = entry.central.packed = 0xffffffff;
  entry.central.extra = extra_field(1, le64(20) + le64(20));
  entry.local.size = entry.local.packed = 0xffffffff;
  entry.local.extra = entry.central.extra;
  RawZip zip{{entry}};
  zip.zip64 = true;
  const auto opened = open(zip);
  ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
  EXPECT_EQ(content(*opened->archive, 0).value(), "zip64 although small");
}

TEST(ZipReader, AcceptsADirectoryOutOfFileOrder) {
  RawZip zip{{raw_file("b", "in file first"), raw_file("a", "in file second")}};
  zip.entries[0].in_directory = zip.entries[1].in_directory = false;
  const std::string files = RawZip{zip}.bytes();
  const auto offset_of = [&](const char* name) { return static_cast<std::uint32_t>(files.find(name) - 30); };
  for (const char* name : {"a", "b"}) {
    RawEntry listed = raw_file(name, name == std::string("a") ? "in file second" : "in file first");
    listed.in_file = false;
    listed.offset = name == std::string("a") ? offset_of("ain file") : 0;
    zip.entries.push_back(listed);
  }
  const auto opened = open(zip);
  ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
  EXPECT_EQ(content(*opened->archive, 0).value(), "in file second");
  EXPECT_EQ(content(*opened->archive, 1).value(), "in file first");
}

TEST(ZipReader, ANestedZipIsOpaqueContent) {
  const std::string inner = RawZip{{raw_file("x", "inner")}}.bytes();
  const auto opened = open(RawZip{{raw_file("inner.zip", inner), raw_file("a", "outer")}});
  ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
  EXPECT_EQ(content(*opened->archive, 0).value(), inner);
}

TEST(ZipReader, NotesWhatItTolerates) {
  RawZip zip{{raw_file("a", "x"), raw_file("b", "y"), raw_file("\xc3\xa4.txt", "z")}};
  zip.comment = "a comment";
  zip.entries[0].attributes = 0104755u << 16;
  zip.entries[1].comment = "of an entry";
  zip.entries[2].both(&RawHeader::flags, std::uint16_t{0});
  const auto opened = open(zip);
  ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
  EXPECT_THAT(opened->archive->warnings(),
              ElementsAre(HasSubstr("archive's comment"), HasSubstr("set-user-id"),
                          HasSubstr("b: its comment"), HasSubstr("not marked as UTF-8")));
}

TEST(ZipReader, SizesAroundTheChunkSurvive) {
  for (const std::size_t size : {65'535, 65'536, 65'537, 262'143, 262'144, 262'145})
    for (const bool deflated : {false, true}) {
      std::string bytes(size, '\0');
      for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 2654435761u) >> 13);
      const auto opened = open(RawZip{{raw_file("a", bytes, deflated)}}, of_any_ratio());
      ASSERT_TRUE(opened->archive.has_value()) << describe(opened->archive.error());
      EXPECT_EQ(content(*opened->archive, 0).value(), bytes) << size;
    }
}

TEST(ZipReader, ASinkCanStopTheStream) {
  const auto opened = open(RawZip{{raw_file("a", std::string(1 << 20, 'x'), true)}}, of_any_ratio());
  const auto stopped = opened->archive->extract(
      opened->archive->entries()[0],
      [](std::string_view) -> Result<void> { return fail(ErrorCode::no_space, "no more"); });
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::no_space);
}

}  // namespace
}  // namespace learndock::archive
