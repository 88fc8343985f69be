#pragma once

#include "store/segment.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace learndock::store {

/// Where everything in a segment file lies. All of it follows from the sections' alignments and lengths, so a
/// file has one form only: what does not lie where it must is refused.
struct SegmentLayout {
  SegmentInfo info;
  std::uint64_t table_offset = 0;
  std::vector<SectionInfo> sections;
  std::vector<std::uint64_t> first_chunk;  ///< of each section, and one more: the number of all
  std::vector<std::uint32_t> chunk_checksums;

  [[nodiscard]] std::uint64_t chunk_count() const { return first_chunk.back(); }
};

inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kSectionEntryBytes = 24;
inline constexpr std::string_view kReindex = "rebuild the index: learndock reindex";

using SegmentHeaderBytes = std::array<std::byte, kSegmentHeaderBytes>;

[[nodiscard]] inline std::uint64_t chunks_of(std::uint64_t length) {
  return length / kSegmentChunkBytes + (length % kSegmentChunkBytes != 0 ? 1 : 0);
}
[[nodiscard]] inline std::uint64_t aligned_up(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

/// The head of a file of `file_bytes`. The table then lies from `table_offset` to the file's end and is short
/// enough to be read into memory; the sections are not known yet. @errors corrupt, unsupported
struct SegmentHeader {
  SegmentInfo info;
  std::uint64_t table_offset = 0;
  std::uint32_t section_count = 0;
  std::uint32_t table_checksum = 0;
};
[[nodiscard]] Result<SegmentHeader> parse_segment_header(std::span<const std::byte> bytes,
                                                         std::uint64_t file_bytes);
/// @errors corrupt
[[nodiscard]] Result<SegmentLayout> parse_segment_table(const SegmentHeader& header,
                                                        std::span<const std::byte> table);

[[nodiscard]] std::vector<std::byte> segment_table_bytes(std::span<const SectionInfo> sections,
                                                         std::span<const std::uint32_t> chunk_checksums);
/// Also sets the header's own checksum in `header.info`.
[[nodiscard]] SegmentHeaderBytes segment_header_bytes(SegmentHeader& header);

}  // namespace learndock::store
