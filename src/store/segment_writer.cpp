#include "store/segment_writer.hpp"

#include "io/crc32c.hpp"
#include "io/file.hpp"
#include "io/temporary_file.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace learndock::store {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct SegmentWriter::State {
  State(std::filesystem::path name, io::TemporaryFile file, const SegmentHead& begin)
      : path(std::move(name)), temporary(std::move(file)), head(begin) {}

  Result<void> flush() {
    LEARNDOCK_CHECK(temporary.append(buffer));
    buffer.clear();
    return {};
  }
  Result<void> put(std::span<const std::byte> bytes) {
    position += bytes.size();
    if (buffer.size() + bytes.size() < kBufferBytes) {
      buffer.append(text_of(bytes));
      return {};
    }
    LEARNDOCK_CHECK(flush());
    return temporary.append(text_of(bytes));
  }
  Result<void> pad_to(std::uint64_t alignment) {
    const std::byte zeros[kLargeSectionAlignment] = {};
    return put(std::span(zeros).first(aligned_up(position, alignment) - position));
  }
  Result<void> put_header(SegmentHeader& header);
  Result<void> close_and_rename();

  std::filesystem::path path;
  io::TemporaryFile temporary;
  SegmentHead head;
  std::string buffer;
  std::uint64_t position = 0;  ///< bytes of the file so far, the buffered ones included
  std::vector<SectionInfo> sections;
  std::unordered_set<std::uint32_t> ids;
  std::vector<std::uint32_t> chunk_checksums;
  bool in_section = false;
};

/// The head goes in last: until then the file begins with zeros and is no segment.
Result<void> SegmentWriter::State::put_header(SegmentHeader& header) {
  return temporary.write_at(text_of(segment_header_bytes(header)), 0);
}

Result<void> SegmentWriter::State::close_and_rename() {
  LEARNDOCK_CHECK(temporary.sync());
  LEARNDOCK_CHECK(temporary.rename_to_new());
  return io::sync_folder_of(path);
}

SegmentWriter::SegmentWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentWriter::~SegmentWriter() = default;
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;

Result<SegmentWriter> SegmentWriter::create(const std::filesystem::path& path, const SegmentHead& head) {
  LEARNDOCK_TRY(io::TemporaryFile temporary, io::TemporaryFile::beside(path));
  auto state = std::make_unique<State>(path, std::move(temporary), head);
  LEARNDOCK_CHECK(state->put(SegmentHeaderBytes{}));
  return SegmentWriter(std::move(state));
}

Result<void> SegmentWriter::begin_section(std::uint32_t id, std::uint32_t alignment) {
  assert(!state_->in_section);
  if (id == 0 || state_->ids.contains(id))
    return fail(ErrorCode::invalid_argument, fmt::format("section id {} is 0 or used twice", id));
  if (!std::has_single_bit(alignment) || alignment < kSmallSectionAlignment ||
      alignment > kLargeSectionAlignment)
    return fail(ErrorCode::invalid_argument,
                fmt::format("alignment {} of section {} is not a power of two from {} to {}", alignment, id,
                            kSmallSectionAlignment, kLargeSectionAlignment));
  if (state_->sections.size() == kMaxSections)
    return fail(ErrorCode::invalid_argument, fmt::format("a segment has at most {} sections", kMaxSections));
  LEARNDOCK_CHECK(state_->pad_to(alignment));
  state_->ids.insert(id);
  state_->sections.push_back({id, alignment, state_->position, 0});
  state_->in_section = true;
  return {};
}

Result<void> SegmentWriter::append(std::span<const std::byte> bytes) {
  assert(state_->in_section);
  SectionInfo& section = state_->sections.back();
  while (!bytes.empty()) {
    const std::uint64_t in_chunk = section.length % kSegmentChunkBytes;
    if (in_chunk == 0) state_->chunk_checksums.push_back(0);
    // Checksum and write in turn while the piece is in the cache.
    const auto piece = bytes.first(
        std::min<std::uint64_t>({bytes.size(), kSegmentChunkBytes - in_chunk, std::uint64_t{kBufferBytes}}));
    std::uint32_t& checksum = state_->chunk_checksums.back();
    checksum = io::crc32c(piece, checksum);
    section.length += piece.size();
    LEARNDOCK_CHECK(state_->put(piece));
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

void SegmentWriter::end_section() {
  assert(state_->in_section);
  state_->in_section = false;
}

Result<SegmentInfo> SegmentWriter::finish(std::uint64_t items) {
  assert(!state_->in_section);
  State& state = *state_;
  LEARNDOCK_CHECK(state.pad_to(kSmallSectionAlignment));
  const std::vector<std::byte> table = segment_table_bytes(state.sections, state.chunk_checksums);
  SegmentHeader header{{state.head.kind, state.head.generation, items, state.position + table.size(), 0},
                       state.position,
                       static_cast<std::uint32_t>(state.sections.size()),
                       io::crc32c(table)};
  LEARNDOCK_CHECK(state.put(table));
  LEARNDOCK_CHECK(state.flush());
  LEARNDOCK_CHECK(state.put_header(header));
  LEARNDOCK_CHECK(state.close_and_rename());
  return header.info;
}

}  // namespace learndock::store
