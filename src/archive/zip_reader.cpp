#include "archive/zip_reader.hpp"

#include "archive/deflate.hpp"
#include "archive/path_rules.hpp"
#include "archive/zip_extra.hpp"
#include "archive/zip_format.hpp"
#include "base/utf8.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::archive {
namespace {

using zip::load16;
using zip::load32;
using zip::load64;

Failure refuse(ErrorCode code, std::string message, const ZipEntry& entry) {
  return fail(code, std::move(message), printable(entry.name));
}

Failure differs(std::string_view what, std::uint64_t local, std::uint64_t central, const ZipEntry& entry) {
  return refuse(
      ErrorCode::zip_mismatch,
      fmt::format("the {} is {} in the local header and {} in the central directory", what, local, central),
      entry);
}

/// The entry whose unpacking adds most, for the message.
std::string largest_gain(const ZipDirectory& directory) {
  const auto gain = [](const ZipEntry& entry) {
    return entry.bytes - std::min(entry.packed_bytes, entry.bytes);
  };
  const auto most = std::max_element(directory.entries.begin(), directory.entries.end(),
                                     [&](const auto& a, const auto& b) { return gain(a) < gain(b); });
  return most == directory.entries.end() ? std::string() : printable(most->name);
}

/// Checks sums over the archive, which no single entry shows.
Result<void> check_totals(const ZipDirectory& directory, std::uint64_t archive, const ArchiveLimits& limits) {
  std::uint64_t expanded = 0;
  for (const ZipEntry& entry : directory.entries) {
    // Each addend is at most max_file_bytes: no overflow before a stop.
    expanded += entry.bytes;
    if (entry.packed_bytes > limits.max_archive_bytes || entry.packed_bytes > directory.offset)
      return refuse(ErrorCode::zip_size,
                    fmt::format("declares {} packed bytes, the whole archive is shorter", entry.packed_bytes),
                    entry);
    if (expanded > limits.max_expanded_bytes)
      return fail(ErrorCode::zip_limit,
                  fmt::format("the archive unpacks to more than {} bytes", limits.max_expanded_bytes));
  }
  return check_ratio(archive, expanded, limits, largest_gain(directory));
}

Result<void> check_names(const ZipDirectory& directory) {
  PathSet names;
  for (const ZipEntry& entry : directory.entries) LEARNDOCK_CHECK(names.add(entry.name, entry.written_name));
  return {};
}

/// Compares the name and extra fields behind a local header with the central ones.
Result<void> check_local_fields(std::string_view header, std::string_view name, std::string_view extra,
                                const ZipEntry& entry) {
  if (name != entry.written_name)
    return refuse(ErrorCode::zip_mismatch,
                  fmt::format("the local header names this entry \"{}\"", printable(name)), entry);
  if (load16(header, 6) != entry.flags) return differs("flag word", load16(header, 6), entry.flags, entry);
  if (load16(header, 8) != entry.method) return differs("method", load16(header, 8), entry.method, entry);
  ZipSizes sizes{load32(header, 22), load32(header, 18), 0};
  LEARNDOCK_CHECK(read_extra_fields(extra, entry.written_name, sizes));
  // With a data descriptor a local header may leave crc and sizes open, as zero, but not state others.
  const bool open = (entry.flags & zip::kFlagDescriptor) != 0;
  const auto agrees = [open](std::uint64_t local, std::uint64_t central) {
    return local == central || (open && local == 0);
  };
  if (!agrees(load32(header, 14), entry.crc)) return differs("CRC-32", load32(header, 14), entry.crc, entry);
  if (!agrees(sizes.packed_bytes, entry.packed_bytes))
    return differs("packed size", sizes.packed_bytes, entry.packed_bytes, entry);
  if (!agrees(sizes.bytes, entry.bytes)) return differs("size", sizes.bytes, entry.bytes, entry);
  return {};
}

/// Reads the local header at entry.header_offset and sets data_offset.
Result<void> check_local_header(const ByteSource& source, ZipEntry& entry) {
  std::string header(zip::kLocalBytes, '\0');
  LEARNDOCK_CHECK(source.read(entry.header_offset, header));
  if (load32(header, 0) != zip::kLocalSignature)
    return refuse(ErrorCode::zip_structure,
                  fmt::format("no local header at offset {}, where the central directory puts one",
                              entry.header_offset),
                  entry);
  const std::size_t name_bytes = load16(header, 26);
  std::string fields(name_bytes + load16(header, 28), '\0');
  LEARNDOCK_CHECK(source.read(entry.header_offset + zip::kLocalBytes, fields));
  const std::string_view view = fields;
  LEARNDOCK_CHECK(check_local_fields(header, view.substr(0, name_bytes), view.substr(name_bytes), entry));
  entry.data_offset = entry.header_offset + zip::kLocalBytes + fields.size();
  return {};
}

/// Checks the bytes between an entry's data and the next record: nothing, or a data descriptor in one of four
/// forms, which differ in length (with or without signature, sizes of 4 or 8 bytes).
Result<void> check_descriptor(const ByteSource& source, const ZipEntry& entry, std::uint64_t at,
                              std::uint64_t length) {
  if ((entry.flags & zip::kFlagDescriptor) == 0) {
    if (length == 0) return {};
    return refuse(
        ErrorCode::zip_structure,
        fmt::format("{} bytes after this entry belong to no entry of the central directory", length), entry);
  }
  if (length != 12 && length != 16 && length != 20 && length != 24)
    return refuse(
        ErrorCode::zip_structure,
        fmt::format("{} bytes after this entry are neither its data descriptor nor another entry", length),
        entry);
  std::string bytes(static_cast<std::size_t>(length), '\0');
  LEARNDOCK_CHECK(source.read(at, bytes));
  const bool is_signed = length == 16 || length == 24;
  const std::size_t width = length >= 20 ? 8 : 4;
  const std::size_t first = is_signed ? 4 : 0;
  const bool agrees = (!is_signed || load32(bytes, 0) == zip::kDescriptorSignature) &&
                      load32(bytes, first) == entry.crc &&
                      zip::load(bytes, first + 4, width) == entry.packed_bytes &&
                      zip::load(bytes, first + 4 + width, width) == entry.bytes;
  if (agrees) return {};
  return refuse(ErrorCode::zip_mismatch, "the data descriptor disagrees with the central directory", entry);
}

/// Entries in file order must follow each other without gap or overlap from offset 0 to the central
/// directory.
Result<void> walk(const ByteSource& source, ZipDirectory& directory) {
  std::vector<ZipEntry*> ordered;
  for (ZipEntry& entry : directory.entries) ordered.push_back(&entry);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const ZipEntry* a, const ZipEntry* b) { return a->header_offset < b->header_offset; });
  if (ordered.front()->header_offset != 0)
    return fail(
        ErrorCode::zip_structure,
        fmt::format("{} bytes before the first entry belong to nothing", ordered.front()->header_offset), {},
        "pack again; self-extracting and combined files are not read");
  if (const ZipEntry& last = *ordered.back(); last.header_offset >= directory.offset)
    return refuse(ErrorCode::zip_structure,
                  fmt::format("its offset {} lies beyond the entries, which end at {}", last.header_offset,
                              directory.offset),
                  last);
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    ZipEntry& entry = *ordered[i];
    const std::uint64_t limit = i + 1 < ordered.size() ? ordered[i + 1]->header_offset : directory.offset;
    if (limit < entry.header_offset ||
        limit - entry.header_offset < zip::kLocalBytes + entry.written_name.size())
      return refuse(ErrorCode::zip_overlap, "its local header overlaps the next record", entry);
    LEARNDOCK_CHECK(check_local_header(source, entry));
    if (entry.data_offset > limit || entry.packed_bytes > limit - entry.data_offset)
      return refuse(ErrorCode::zip_overlap, "its bytes overlap the next entry or the central directory",
                    entry);
    const std::uint64_t end = entry.data_offset + entry.packed_bytes;
    LEARNDOCK_CHECK(check_descriptor(source, entry, end, limit - end));
  }
  return {};
}

Result<void> copy_stored(const ByteSource& source, const ZipEntry& entry, const Sink& sink) {
  constexpr std::uint64_t kChunk = 256u << 10;
  std::vector<char> chunk(static_cast<std::size_t>(std::min(kChunk, entry.bytes)));
  for (std::uint64_t done = 0; done < entry.bytes;) {
    const auto take = static_cast<std::size_t>(std::min(kChunk, entry.bytes - done));
    LEARNDOCK_CHECK(source.read(entry.data_offset + done, {chunk.data(), take}));
    LEARNDOCK_CHECK(sink({chunk.data(), take}));
    done += take;
  }
  return {};
}

}  // namespace

Result<ZipArchive> ZipArchive::open(std::shared_ptr<const ByteSource> source, const ArchiveLimits& limits) {
  if (source->size() > limits.max_archive_bytes)
    return fail(ErrorCode::zip_limit, fmt::format("the archive has {} bytes, the limit is {}", source->size(),
                                                  limits.max_archive_bytes));
  LEARNDOCK_TRY(ZipDirectory directory, read_zip_directory(*source, limits));
  LEARNDOCK_CHECK(check_names(directory));
  LEARNDOCK_CHECK(walk(*source, directory));
  LEARNDOCK_CHECK(check_totals(directory, source->size(), limits));
  return ZipArchive(std::move(source), std::move(directory));
}

Result<void> ZipArchive::extract(const ZipEntry& entry, const Sink& sink) const {
  std::uint32_t crc = 0;
  const Sink checked = [&](std::string_view bytes) {
    crc = crc32_of(bytes, crc);
    return sink(bytes);
  };
  auto done = entry.method == zip::kStored
                  ? copy_stored(*source_, entry, checked)
                  : inflate(*source_, entry.data_offset, entry.packed_bytes, entry.bytes, checked);
  if (!done) return pass_on(std::move(done).error(), printable(entry.name));
  if (crc == entry.crc) return {};
  return refuse(ErrorCode::zip_crc,
                fmt::format("the content has CRC-32 {:08x}, {:08x} is declared", crc, entry.crc), entry);
}

}  // namespace learndock::archive
