#include "store/segment.hpp"

#include "base/parallel.hpp"
#include "io/crc32c.hpp"
#include "io/descriptor.hpp"
#include "io/file.hpp"
#include "io/mapped_memory.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace learndock::store {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;  // stays in the first-level caches

/// Reads exactly `bytes.size()` bytes. Reading, unlike touching the mapping, reports a failing disk or a file
/// that somebody cut as an error instead of ending the process.
Result<void> read_at(int fd, std::span<std::byte> bytes, std::uint64_t offset,
                     const std::filesystem::path& path) {
  const std::span<char> out(reinterpret_cast<char*>(bytes.data()), bytes.size());
  LEARNDOCK_TRY(const std::size_t got, io::read_at(fd, out, offset, path));
  if (got == bytes.size()) return {};
  return fail(ErrorCode::corrupt, fmt::format("the file ends at byte {}", offset + got), path.string(),
              std::string(kReindex));
}

Result<std::uint64_t> size_of(int fd, const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Failure(io::system_error(errno, "inspect", path));
  if (!S_ISREG(info.st_mode))
    return fail(ErrorCode::corrupt, "this is not a regular file", path.string(), std::string(kReindex));
  return static_cast<std::uint64_t>(info.st_size);
}

Result<SegmentLayout> read_layout(int fd, const std::filesystem::path& path) {
  LEARNDOCK_TRY(const std::uint64_t file_bytes, size_of(fd, path));
  SegmentHeaderBytes head{};
  if (file_bytes >= head.size()) LEARNDOCK_CHECK(read_at(fd, head, 0, path));
  const auto header = parse_segment_header(head, file_bytes);
  if (!header) return pass_on(header.error(), path.string());
  std::vector<std::byte> table(file_bytes - header->table_offset);
  LEARNDOCK_CHECK(read_at(fd, table, header->table_offset, path));
  auto layout = parse_segment_table(*header, table);
  if (!layout) return pass_on(std::move(layout).error(), path.string());
  return layout;
}

/// What lies between sections is written as zeros, so every byte of the file is checked by something.
Result<void> check_padding(int fd, const SegmentLayout& layout, const std::filesystem::path& path) {
  std::uint64_t end = kSegmentHeaderBytes;
  for (std::size_t i = 0; i <= layout.sections.size(); ++i) {
    const bool last = i == layout.sections.size();
    const std::uint64_t next = last ? layout.table_offset : layout.sections[i].offset;
    std::byte padding[kLargeSectionAlignment];
    const std::span gap = std::span(padding).first(next - end);
    LEARNDOCK_CHECK(read_at(fd, gap, end, path));
    const auto odd =
        std::find_if(gap.begin(), gap.end(), [](std::byte byte) { return byte != std::byte{0}; });
    if (odd != gap.end())
      return fail(
          ErrorCode::corrupt, "the padding between sections is not zero",
          fmt::format("{}:byte {}", path.string(), end + static_cast<std::uint64_t>(odd - gap.begin())),
          std::string(kReindex));
    if (!last) end = next + layout.sections[i].length;
  }
  return {};
}

int advice_of(Access access) {
  switch (access) {
    case Access::random:
      return MADV_RANDOM;
    case Access::huge_pages:
      return MADV_HUGEPAGE;
    case Access::unneeded:
      break;
  }
  return MADV_DONTNEED;
}

}  // namespace

struct Segment::State {
  State(std::filesystem::path name, io::Descriptor file, SegmentLayout where, io::MappedMemory mapping)
      : path(std::move(name)),
        descriptor(std::move(file)),
        layout(std::move(where)),
        memory(std::move(mapping)),
        checked(layout.chunk_count()) {}

  [[nodiscard]] std::optional<std::size_t> find(std::uint32_t id) const {
    const auto found = std::find_if(layout.sections.begin(), layout.sections.end(),
                                    [&](const SectionInfo& section) { return section.id == id; });
    if (found == layout.sections.end()) return std::nullopt;
    return static_cast<std::size_t>(found - layout.sections.begin());
  }
  [[nodiscard]] Result<std::size_t> require(std::uint32_t id) const {
    if (const auto found = find(id)) return *found;
    return fail(ErrorCode::corrupt, fmt::format("the segment has no section {}", id), path.string(),
                std::string(kReindex));
  }
  [[nodiscard]] Error cut_short() const {
    return {ErrorCode::corrupt, "the file was shortened while it was open, or its disk failed to read it",
            path.string(), std::string(kReindex)};
  }
  Result<void> check_chunk(std::size_t section, std::uint64_t chunk) const;
  Result<void> check_chunks(std::size_t section, std::uint64_t begin, std::uint64_t end) const {
    for (std::uint64_t chunk = begin; chunk < end; ++chunk) LEARNDOCK_CHECK(check_chunk(section, chunk));
    return {};
  }

  std::filesystem::path path;
  io::Descriptor descriptor;
  SegmentLayout layout;
  io::MappedMemory memory;
  mutable std::vector<std::atomic<bool>> checked;  ///< by chunk; only ever becomes true
};

Result<void> Segment::State::check_chunk(std::size_t section, std::uint64_t chunk) const {
  const std::uint64_t index = layout.first_chunk[section] + chunk;
  if (checked[index].load(std::memory_order_acquire)) return {};
  const SectionInfo& info = layout.sections[section];
  const std::uint64_t begin = info.offset + chunk * kSegmentChunkBytes;
  const std::uint64_t end = std::min(begin + kSegmentChunkBytes, info.offset + info.length);
  std::uint32_t found = 0;
  std::byte buffer[kReadBytes];
  for (std::uint64_t at = begin; at < end; at += kReadBytes) {
    const std::span piece = std::span(buffer).first(std::min<std::uint64_t>(kReadBytes, end - at));
    LEARNDOCK_CHECK(read_at(descriptor.get(), piece, at, path));
    found = io::crc32c(piece, found);
  }
  if (found != layout.chunk_checksums[index])
    return fail(
        ErrorCode::corrupt,
        fmt::format("section {} is damaged between its bytes {} and {}: checksum {:08x}, stored {:08x}",
                    info.id, begin - info.offset, end - info.offset, found, layout.chunk_checksums[index]),
        fmt::format("{}:section {}:byte {}", path.string(), info.id, begin), std::string(kReindex));
  checked[index].store(true, std::memory_order_release);
  return {};
}

Segment::Segment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Segment::~Segment() = default;

Result<std::shared_ptr<const Segment>> Segment::open(const std::filesystem::path& path,
                                                     const Verify& verify) {
  // O_NONBLOCK: a pipe under this name must not make the program wait.
  LEARNDOCK_TRY(io::Descriptor file, io::open_for_reading(path, O_NONBLOCK));
  LEARNDOCK_TRY(SegmentLayout layout, read_layout(file.get(), path));
  LEARNDOCK_CHECK(check_padding(file.get(), layout, path));
  LEARNDOCK_TRY(io::MappedMemory memory, io::MappedMemory::map(file.get(), layout.info.file_bytes, path));
  const std::shared_ptr<const Segment> segment(
      new Segment(std::make_unique<State>(path, std::move(file), std::move(layout), std::move(memory))));
  if (verify.everything) LEARNDOCK_CHECK(segment->verify({}, verify.threads));
  return segment;
}

const SegmentInfo& Segment::info() const { return state_->layout.info; }
const std::filesystem::path& Segment::path() const { return state_->path; }
std::span<const SectionInfo> Segment::sections() const { return state_->layout.sections; }

Result<std::span<const std::byte>> Segment::section(std::uint32_t id) const {
  LEARNDOCK_TRY(const std::size_t section, state_->require(id));
  return bytes(id, 0, state_->layout.sections[section].length);
}

Result<std::span<const std::byte>> Segment::bytes(std::uint32_t id, std::uint64_t offset,
                                                  std::uint64_t length) const {
  LEARNDOCK_TRY(const std::size_t section, state_->require(id));
  const SectionInfo& info = state_->layout.sections[section];
  if (offset > info.length || length > info.length - offset)
    return fail(ErrorCode::invalid_argument,
                fmt::format("section {} has {} bytes, not {} from {} on", id, info.length, length, offset),
                state_->path.string());
  if (state_->memory.lost()) return Failure(state_->cut_short());
  LEARNDOCK_CHECK(state_->check_chunks(section, offset / kSegmentChunkBytes, chunks_of(offset + length)));
  return state_->memory.bytes().subspan(info.offset + offset, length);
}

Result<void> Segment::intact() const {
  // Within its last page a shorter file reads as zeros without a signal: only its size tells.
  struct stat now {};
  const bool whole = ::fstat(state_->descriptor.get(), &now) == 0 && now.st_size >= 0 &&
                     static_cast<std::uint64_t>(now.st_size) >= state_->layout.info.file_bytes;
  if (whole && !state_->memory.lost()) return {};
  return Failure(state_->cut_short());
}

Result<void> Segment::verify(std::span<const std::uint32_t> ids, unsigned threads) const {
  std::vector<std::pair<std::size_t, std::uint64_t>> work;  // section and chunk
  const auto add = [&](std::size_t section) {
    const std::uint64_t chunks = chunks_of(state_->layout.sections[section].length);
    for (std::uint64_t chunk = 0; chunk < chunks; ++chunk) work.emplace_back(section, chunk);
  };
  for (const std::uint32_t id : ids) {
    LEARNDOCK_TRY(const std::size_t section, state_->require(id));
    add(section);
  }
  if (ids.empty())
    for (std::size_t section = 0; section < state_->layout.sections.size(); ++section) add(section);
  std::mutex mutex;
  std::optional<std::pair<std::size_t, Error>> first;  // in the file's order, whichever thread met it
  run_tasks(work.size(), std::max(threads, 1u), [&](std::size_t i) {
    auto checked = state_->check_chunk(work[i].first, work[i].second);
    if (checked) return;
    const std::lock_guard hold(mutex);
    if (!first || i < first->first) first.emplace(i, std::move(checked).error());
  });
  if (first) return Failure(std::move(first->second));
  return {};
}

bool Segment::advise(std::uint32_t id, Access access) const {
  const auto section = state_->find(id);
  if (!section) return false;
  const SectionInfo& info = state_->layout.sections[*section];
  // Advice is given for whole pages; the section's first one may hold the end of its neighbour.
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = info.offset / page * page;
  const std::span bytes = state_->memory.bytes().subspan(begin, info.offset + info.length - begin);
  return ::madvise(const_cast<std::byte*>(bytes.data()), bytes.size(), advice_of(access)) == 0;
}

Error Segment::odd_length(std::uint32_t id, std::size_t size) const {
  return {ErrorCode::corrupt,
          fmt::format("section {} has {} bytes, which is no multiple of {}", id,
                      state_->layout.sections[*state_->find(id)].length, size),
          state_->path.string(), std::string(kReindex)};
}

}  // namespace learndock::store
