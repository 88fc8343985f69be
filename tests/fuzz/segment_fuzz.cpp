// Segments and manifests. Checksums are set right on a copy, since mutation alone would never get past them.
#include "io/crc32c.hpp"
#include "store/index_store_manifest.hpp"
#include "store/segment.hpp"
#include "store/segment_layout.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace learndock;
using namespace learndock::store;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

void require(bool fact) {
  if (!fact) std::abort();
}

/// The bytes as a file, without a disk.
std::string file_of(const std::string& bytes) {
  static const int fd = ::memfd_create("segment", MFD_CLOEXEC);
  require(::ftruncate(fd, 0) == 0);
  require(::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fmt::format("/proc/self/fd/{}", fd);
}

Result<SegmentLayout> layout_of(const std::string& bytes) {
  LEARNDOCK_TRY(const SegmentHeader header, parse_segment_header(bytes_of(bytes), bytes.size()));
  return parse_segment_table(header, bytes_of(bytes).subspan(header.table_offset));
}

/// What was accepted has one form only: written again from what was understood it is the same.
void write_back(const std::string& bytes, const SegmentLayout& layout) {
  const auto table = segment_table_bytes(layout.sections, layout.chunk_checksums);
  SegmentHeader header{layout.info, layout.table_offset, static_cast<std::uint32_t>(layout.sections.size()),
                       io::crc32c(table)};
  const auto head = segment_header_bytes(header);
  require(std::memcmp(head.data(), bytes.data(), head.size()) == 0);
  require(bytes.size() - layout.table_offset == table.size());
  require(table.empty() || std::memcmp(table.data(), bytes.data() + layout.table_offset, table.size()) == 0);
}

void read_segment(const std::string& bytes) {
  const auto layout = layout_of(bytes);
  if (layout) write_back(bytes, *layout);
  const auto segment = Segment::open(file_of(bytes));
  require(layout || !segment);
  if (!segment) return;
  for (const SectionInfo& section : (*segment)->sections()) {
    const auto whole = (*segment)->section(section.id);
    const std::string_view stored = std::string_view(bytes).substr(section.offset, section.length);
    if (whole) require(whole->empty() || std::memcmp(whole->data(), stored.data(), stored.size()) == 0);
    (void)(*segment)->bytes(section.id, section.length / 3, section.length / 2);
  }
}

/// Sets length and checksums; leaves alone what does not even say where its table is.
std::string sealed(std::string bytes) {
  const auto seal = [&](std::uint64_t table) {
    put(bytes, 56, io::crc32c(bytes_of(bytes).subspan(table)));
    put(bytes, 60, io::crc32c(bytes_of(bytes).first(60)));
  };
  std::uint64_t table = 0;
  if (bytes.size() < kSegmentHeaderBytes) return bytes;
  std::memcpy(&table, bytes.data() + 40, sizeof table);
  if (table < kSegmentHeaderBytes || table > bytes.size()) return bytes;
  put(bytes, 32, std::uint64_t{bytes.size()});
  seal(table);
  const auto layout = layout_of(bytes);
  if (!layout) return bytes;
  std::uint64_t at = table + layout->sections.size() * kSectionEntryBytes;
  for (const SectionInfo& section : layout->sections)
    for (std::uint64_t begin = 0; begin < section.length; begin += kSegmentChunkBytes, at += 4) {
      const std::uint64_t length = std::min(kSegmentChunkBytes, section.length - begin);
      put(bytes, at, io::crc32c(bytes_of(bytes).subspan(section.offset + begin, length)));
    }
  seal(table);
  return bytes;
}

Result<void> any_kernels(std::string_view) { return {}; }

void read_manifest_text(const std::string& text) {
  const auto manifest = parse_manifest(text, any_kernels);
  if (manifest) require(parse_manifest(manifest_text(*manifest), any_kernels).value() == *manifest);
}

std::string sealed_manifest(const std::string& text) {
  const std::string body = text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
  const int format = body.find("\"kernels\"") == std::string::npos ? 1 : 2;
  const std::string begin = fmt::format("learndock-index {} {} ", format, body.size());
  return fmt::format("{}{:08x}\n{}", begin, io::crc32c(bytes_of(body), io::crc32c(bytes_of(begin))), body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_segment(bytes);
  read_segment(sealed(bytes));
  read_manifest_text(bytes);
  if (!bytes.empty()) read_manifest_text(sealed_manifest(bytes));
  return 0;
}
