#include "archive/zip_end.hpp"

#include "archive/zip_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace learndock::archive {
namespace {

using zip::load16;
using zip::load32;
using zip::load64;

constexpr std::string_view kEndMark("PK\x05\x06", 4);

/// The last bytes of the file, enough for an end record with the longest comment and a Zip64 locator and
/// record before it.
struct Tail {
  std::string bytes;
  std::uint64_t offset = 0;  ///< offset of bytes[0] in the file
};

Result<Tail> read_tail(const ByteSource& source) {
  constexpr std::uint64_t kWindow =
      zip::kEndBytes + zip::kMaxComment + zip::kLocator64Bytes + zip::kEnd64Bytes;
  Tail tail;
  tail.bytes.resize(static_cast<std::size_t>(std::min(kWindow, source.size())));
  tail.offset = source.size() - tail.bytes.size();
  LEARNDOCK_CHECK(source.read(tail.offset, tail.bytes));
  return tail;
}

struct Magic {
  std::string_view bytes;
  std::size_t at;
  std::string_view name;
};
constexpr std::array<Magic, 9> kMagics = {
    {{std::string_view("\x1f\x8b", 2), 0, "a gzip file (perhaps .tar.gz)"},
     {std::string_view("7z\xbc\xaf\x27\x1c", 6), 0, "a 7z archive"},
     {std::string_view("Rar!\x1a\x07", 6), 0, "a RAR archive"},
     {std::string_view("ustar", 5), 257, "a tar archive"},
     {std::string_view("\xfd"
                       "7zXZ",
                       5),
      0, "an xz file"},
     {std::string_view("BZh", 3), 0, "a bzip2 file"},
     {std::string_view("\x28\xb5\x2f\xfd", 4), 0, "a zstd file"},
     {std::string_view("%PDF", 4), 0, "a PDF document"},
     {std::string_view("\x7f"
                       "ELF",
                       4),
      0, "a program"}}};

Result<ZipEnd> no_end_record(const ByteSource& source) {
  constexpr std::string_view kFix = "pack the learnware as a .zip file";
  if (source.size() == 0) return fail(ErrorCode::zip_not_a_zip, "the file is empty", {}, std::string(kFix));
  std::string head(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 512)), '\0');
  LEARNDOCK_CHECK(source.read(0, head));
  if (std::string_view(head).starts_with("PK") && head.size() < 4)
    return fail(ErrorCode::zip_truncated, "the archive is cut inside its first record", {},
                "upload it again");
  if (head.size() >= 4 && load32(head, 0) == zip::kLocalSignature)
    return fail(
        ErrorCode::zip_truncated,
        fmt::format("the archive has no end record: its {} bytes are only a beginning", source.size()), {},
        "upload it again, whole");
  for (const Magic& magic : kMagics)
    if (std::string_view(head).substr(std::min(magic.at, head.size())).starts_with(magic.bytes))
      return fail(ErrorCode::zip_not_a_zip, fmt::format("this is {}, not a zip archive", magic.name), {},
                  std::string(kFix));
  return fail(ErrorCode::zip_not_a_zip, "this is not a zip archive", {}, std::string(kFix));
}

/// End records that reach exactly to the end of the file.
std::vector<std::size_t> complete_ends(std::string_view bytes) {
  std::vector<std::size_t> found;
  for (auto at = bytes.find(kEndMark); at != std::string_view::npos; at = bytes.find(kEndMark, at + 1))
    if (bytes.size() - at >= zip::kEndBytes && at + zip::kEndBytes + load16(bytes, at + 20) == bytes.size())
      found.push_back(at);
  return found;
}

/// Why no end record fits: it is cut, or something follows it.
Failure misplaced_end(std::string_view bytes) {
  const std::size_t left = bytes.size() - bytes.rfind(kEndMark);
  const std::string_view record = bytes.substr(bytes.size() - left);
  if (left < zip::kEndBytes || left - zip::kEndBytes < load16(record, 20))
    return fail(ErrorCode::zip_truncated, "the archive is cut inside its end record", {},
                "upload it again, whole");
  return fail(
      ErrorCode::zip_structure,
      fmt::format("{} bytes follow the end of the archive", left - zip::kEndBytes - load16(record, 20)), {},
      "pack again; nothing may be appended to the archive");
}

/// Where the one end record begins inside the tail. Readers that search backward and readers that trust the
/// comment's length must find the same one.
Result<std::size_t> locate_end(std::string_view bytes) {
  const std::vector<std::size_t> ends = complete_ends(bytes);
  if (ends.empty()) return misplaced_end(bytes);
  if (ends.size() > 1)
    return fail(ErrorCode::zip_structure, "the archive has two end records, so it could be read in two ways");
  if (holds_zip_signature(bytes.substr(ends.front() + zip::kEndBytes)))
    return fail(ErrorCode::zip_structure, "the archive's comment holds the signature of a zip record");
  return ends.front();
}

/// The end record's own fields; sentinels are still in place.
struct EndFields {
  std::uint16_t disk, directory_disk, entries_here, entries;
  std::uint32_t directory_bytes, directory_offset;
  [[nodiscard]] bool asks_for_zip64() const {
    return disk == zip::kSentinel16 || directory_disk == zip::kSentinel16 ||
           entries_here == zip::kSentinel16 || entries == zip::kSentinel16 ||
           directory_bytes == zip::kSentinel32 || directory_offset == zip::kSentinel32;
  }
};

EndFields read_fields(std::string_view end) {
  return {load16(end, 4), load16(end, 6), load16(end, 8), load16(end, 10), load32(end, 12), load32(end, 16)};
}

Failure multi_disk() {
  return fail(ErrorCode::zip_multi_disk, "this is one part of a multi-part archive", {},
              "pack into a single file");
}

Result<ZipEnd> plain_end(const EndFields& fields) {
  if (fields.asks_for_zip64())
    return fail(ErrorCode::zip_structure, "the end record refers to a Zip64 record that is not there");
  if (fields.disk != 0 || fields.directory_disk != 0 || fields.entries_here != fields.entries)
    return multi_disk();
  return ZipEnd{fields.entries, fields.directory_offset, fields.directory_bytes};
}

/// `record` is the Zip64 end record, `locator` follows it; `offset` is where the record lies in the file.
Result<ZipEnd> zip64_end(const EndFields& fields, std::string_view record, std::string_view locator,
                         std::uint64_t offset) {
  if (load32(locator, 4) != 0 || load32(locator, 16) > 1) return multi_disk();
  if (load64(locator, 8) != offset)
    return fail(ErrorCode::zip_structure,
                fmt::format("the Zip64 locator points to offset {}, its record must be at {}",
                            load64(locator, 8), offset));
  if (load32(record, 0) != zip::kEnd64Signature || load64(record, 4) != zip::kEnd64Bytes - 12)
    return fail(ErrorCode::zip_structure, "the Zip64 end record is missing or has an unexpected length");
  if (load32(record, 16) != 0 || load32(record, 20) != 0) return multi_disk();
  const ZipEnd end{load64(record, 32), load64(record, 48), load64(record, 40)};
  if (load64(record, 24) != end.entries) return multi_disk();
  const auto agrees = [](std::uint64_t small, std::uint64_t sentinel, std::uint64_t large) {
    return small == sentinel || small == large;
  };
  if (!agrees(fields.disk, zip::kSentinel16, 0) || !agrees(fields.directory_disk, zip::kSentinel16, 0) ||
      !agrees(fields.entries_here, zip::kSentinel16, end.entries) ||
      !agrees(fields.entries, zip::kSentinel16, end.entries) ||
      !agrees(fields.directory_bytes, zip::kSentinel32, end.directory_bytes) ||
      !agrees(fields.directory_offset, zip::kSentinel32, end.directory_offset))
    return fail(ErrorCode::zip_structure, "the end record and the Zip64 end record disagree");
  return end;
}

/// The central directory must lie directly before the end records: nothing prepended, no gap.
Result<void> check_position(const ZipEnd& end, std::uint64_t records_offset) {
  if (end.directory_offset > records_offset || end.directory_bytes > records_offset - end.directory_offset)
    return fail(
        ErrorCode::zip_structure,
        fmt::format("the central directory ({} bytes at offset {}) would reach beyond the end record at {}",
                    end.directory_bytes, end.directory_offset, records_offset));
  const std::uint64_t gap = records_offset - end.directory_offset - end.directory_bytes;
  if (gap != 0)
    return fail(ErrorCode::zip_structure,
                fmt::format("{} bytes belong to nothing: data were put before the archive or inside it", gap),
                {}, "pack again; self-extracting and combined files are not read");
  if (end.entries == 0) return fail(ErrorCode::zip_empty, "the archive holds no entries");
  return {};
}

}  // namespace

bool holds_zip_signature(std::string_view text) {
  for (const std::string_view mark :
       {std::string_view("PK\x01\x02", 4), std::string_view("PK\x03\x04", 4), kEndMark,
        std::string_view("PK\x06\x06", 4), std::string_view("PK\x06\x07", 4)})
    if (text.find(mark) != std::string_view::npos) return true;
  return false;
}

Result<ZipEnd> read_zip_end(const ByteSource& source) {
  LEARNDOCK_TRY(const Tail tail, read_tail(source));
  const std::string_view bytes = tail.bytes;
  if (bytes.rfind(kEndMark) == std::string_view::npos) return no_end_record(source);
  LEARNDOCK_TRY(const std::size_t at, locate_end(bytes));
  const EndFields fields = read_fields(bytes.substr(at));
  const bool located =
      at >= zip::kLocator64Bytes && load32(bytes, at - zip::kLocator64Bytes) == zip::kLocator64Signature;
  std::uint64_t records_offset = tail.offset + at;
  ZipEnd end;
  if (located) {
    constexpr std::size_t kBoth = zip::kLocator64Bytes + zip::kEnd64Bytes;
    if (at < kBoth) return fail(ErrorCode::zip_structure, "the Zip64 locator has no record before it");
    records_offset -= kBoth;
    LEARNDOCK_TRY(end,
                  zip64_end(fields, bytes.substr(at - kBoth, zip::kEnd64Bytes),
                            bytes.substr(at - zip::kLocator64Bytes, zip::kLocator64Bytes), records_offset));
  } else {
    LEARNDOCK_TRY(end, plain_end(fields));
  }
  LEARNDOCK_CHECK(check_position(end, records_offset));
  end.has_comment = at + zip::kEndBytes != bytes.size();
  return end;
}

}  // namespace learndock::archive
