#include "store/segment_layout.hpp"

#include "io/crc32c.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <unordered_set>

namespace learndock::store {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are little-endian and used as they lie");

constexpr std::string_view kMagic = "LDSEGMNT";
constexpr std::uint32_t kVersion = 1;

// Where the fields of the head lie (SEGMENT.md).
constexpr std::size_t kVersionAt = 8, kKindAt = 12, kGenerationAt = 16, kItemsAt = 24, kFileBytesAt = 32;
constexpr std::size_t kTableOffsetAt = 40, kSectionCountAt = 48, kChunkBytesAt = 52, kTableChecksumAt = 56;
constexpr std::size_t kHeaderChecksumAt = 60;

template <class T>
T load(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <class T>
void store(std::span<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

Failure damaged(std::string message) {
  return fail(ErrorCode::corrupt, std::move(message), {}, std::string(kReindex));
}

bool fair_alignment(std::uint32_t alignment) {
  return std::has_single_bit(alignment) && alignment >= kSmallSectionAlignment &&
         alignment <= kLargeSectionAlignment;
}

/// Fields that the checksum vouches for are still not trusted to fit each other.
Result<void> check_extents(const SegmentHeader& header) {
  const std::uint64_t file_bytes = header.info.file_bytes;
  if (header.section_count > kMaxSections)
    return damaged(
        fmt::format("the head counts {} sections, the limit is {}", header.section_count, kMaxSections));
  if (header.table_offset < kSegmentHeaderBytes || header.table_offset > file_bytes)
    return damaged(fmt::format("the table begins at byte {} of {}", header.table_offset, file_bytes));
  const std::uint64_t entries = header.section_count * kSectionEntryBytes;
  const std::uint64_t most =
      entries + sizeof(std::uint32_t) * (header.table_offset / kSegmentChunkBytes + header.section_count);
  const std::uint64_t table_bytes = file_bytes - header.table_offset;
  if (table_bytes < entries || table_bytes > most)
    return damaged(fmt::format("the table has {} bytes, {} sections need {} to {}", table_bytes,
                               header.section_count, entries, most));
  return {};
}

/// Reads one entry, which must begin where the one before it makes it begin.
Result<SectionInfo> parse_entry(std::span<const std::byte> entry, std::uint64_t end, std::uint64_t limit) {
  const SectionInfo section{load<std::uint32_t>(entry, 0), load<std::uint32_t>(entry, 4),
                            load<std::uint64_t>(entry, 8), load<std::uint64_t>(entry, 16)};
  if (section.id == 0 || !fair_alignment(section.alignment))
    return damaged(fmt::format("section {} has alignment {}", section.id, section.alignment));
  if (section.offset != aligned_up(end, section.alignment) || section.offset > limit ||
      section.length > limit - section.offset)
    return damaged(
        fmt::format("section {} has {} bytes at {}, the section before it ends at {}, the table "
                    "begins at {}",
                    section.id, section.length, section.offset, end, limit));
  return section;
}

}  // namespace

Result<SegmentHeader> parse_segment_header(std::span<const std::byte> bytes, std::uint64_t file_bytes) {
  if (bytes.size() < kSegmentHeaderBytes || file_bytes < kSegmentHeaderBytes)
    return damaged(fmt::format("the file has {} bytes, the head alone {}", file_bytes, kSegmentHeaderBytes));
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return damaged("the file does not begin like an index segment");
  const auto stored = load<std::uint32_t>(bytes, kHeaderChecksumAt);
  const std::uint32_t found = io::crc32c(bytes.first(kHeaderChecksumAt));
  if (found != stored)
    return damaged(fmt::format("the head has checksum {:08x}, stored is {:08x}", found, stored));
  if (const auto version = load<std::uint32_t>(bytes, kVersionAt); version != kVersion)
    return fail(ErrorCode::unsupported,
                fmt::format("the segment has format version {}, this program reads {}", version, kVersion),
                {}, "use the program that wrote it, or " + std::string(kReindex));
  if (load<std::uint32_t>(bytes, kChunkBytesAt) != kSegmentChunkBytes)
    return damaged(fmt::format("chunks have {} bytes instead of {}",
                               load<std::uint32_t>(bytes, kChunkBytesAt), kSegmentChunkBytes));
  const SegmentHeader header{
      {load<std::uint32_t>(bytes, kKindAt), load<std::uint64_t>(bytes, kGenerationAt),
       load<std::uint64_t>(bytes, kItemsAt), load<std::uint64_t>(bytes, kFileBytesAt), stored},
      load<std::uint64_t>(bytes, kTableOffsetAt),
      load<std::uint32_t>(bytes, kSectionCountAt),
      load<std::uint32_t>(bytes, kTableChecksumAt)};
  if (header.info.file_bytes != file_bytes)
    return damaged(
        fmt::format("the file has {} bytes, its head says {}", file_bytes, header.info.file_bytes));
  LEARNDOCK_CHECK(check_extents(header));
  return header;
}

Result<SegmentLayout> parse_segment_table(const SegmentHeader& header, std::span<const std::byte> table) {
  if (const std::uint32_t found = io::crc32c(table); found != header.table_checksum)
    return damaged(
        fmt::format("the table has checksum {:08x}, stored is {:08x}", found, header.table_checksum));
  SegmentLayout layout{header.info, header.table_offset, {}, {0}, {}};
  std::unordered_set<std::uint32_t> ids;
  std::uint64_t end = kSegmentHeaderBytes;
  for (std::size_t i = 0; i < header.section_count; ++i) {
    LEARNDOCK_TRY(
        const SectionInfo section,
        parse_entry(table.subspan(i * kSectionEntryBytes, kSectionEntryBytes), end, header.table_offset));
    if (!ids.insert(section.id).second)
      return damaged(fmt::format("section {} stands in the table twice", section.id));
    end = section.offset + section.length;
    layout.sections.push_back(section);
    layout.first_chunk.push_back(layout.first_chunk.back() + chunks_of(section.length));
  }
  if (header.table_offset != aligned_up(end, kSmallSectionAlignment))
    return damaged(fmt::format("the sections end at {}, the table begins at {}", end, header.table_offset));
  const auto checksums = table.subspan(header.section_count * kSectionEntryBytes);
  if (checksums.size() != layout.chunk_count() * sizeof(std::uint32_t))
    return damaged(
        fmt::format("{} bytes of checksums for {} chunks", checksums.size(), layout.chunk_count()));
  layout.chunk_checksums.resize(layout.chunk_count());
  if (!checksums.empty()) std::memcpy(layout.chunk_checksums.data(), checksums.data(), checksums.size());
  return layout;
}

std::vector<std::byte> segment_table_bytes(std::span<const SectionInfo> sections,
                                           std::span<const std::uint32_t> chunk_checksums) {
  std::vector<std::byte> table(sections.size() * kSectionEntryBytes);
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::span entry = std::span(table).subspan(i * kSectionEntryBytes, kSectionEntryBytes);
    store(entry, 0, sections[i].id);
    store(entry, 4, sections[i].alignment);
    store(entry, 8, sections[i].offset);
    store(entry, 16, sections[i].length);
  }
  const auto checksums = std::as_bytes(chunk_checksums);
  table.insert(table.end(), checksums.begin(), checksums.end());
  return table;
}

SegmentHeaderBytes segment_header_bytes(SegmentHeader& header) {
  SegmentHeaderBytes bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  store(bytes, kVersionAt, kVersion);
  store(bytes, kKindAt, header.info.kind);
  store(bytes, kGenerationAt, header.info.generation);
  store(bytes, kItemsAt, header.info.items);
  store(bytes, kFileBytesAt, header.info.file_bytes);
  store(bytes, kTableOffsetAt, header.table_offset);
  store(bytes, kSectionCountAt, header.section_count);
  store(bytes, kChunkBytesAt, static_cast<std::uint32_t>(kSegmentChunkBytes));
  store(bytes, kTableChecksumAt, header.table_checksum);
  header.info.header_checksum = io::crc32c(std::span(bytes).first(kHeaderChecksumAt));
  store(bytes, kHeaderChecksumAt, header.info.header_checksum);
  return bytes;
}

}  // namespace learndock::store
