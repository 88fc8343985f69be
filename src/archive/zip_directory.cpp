#include "archive/zip_directory.hpp"

#include "archive/path_rules.hpp"
#include "archive/zip_end.hpp"
#include "archive/zip_extra.hpp"
#include "archive/zip_format.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sys/stat.h>

namespace learndock::archive {
namespace {

using zip::load16;
using zip::load32;

/// One central header in memory.
struct CentralHeader {
  std::string_view fixed;
  std::string_view name;
  std::string_view extra;
  std::string_view comment;
};

Failure refuse_entry(ErrorCode code, std::string message, std::string_view name, std::string fix = {}) {
  return fail(code, std::move(message), printable(name), std::move(fix));
}

/// Takes the next header off `rest`.
Result<CentralHeader> take_header(std::string_view& rest, std::uint64_t index) {
  if (rest.size() < zip::kCentralBytes)
    return fail(
        ErrorCode::zip_structure,
        fmt::format("the central directory ends inside its header {} (its size or entry count is wrong)",
                    index));
  if (load32(rest, 0) != zip::kCentralSignature)
    return fail(ErrorCode::zip_structure,
                fmt::format("unknown record 0x{:08x} in place of central header {}", load32(rest, 0), index));
  const std::size_t name = load16(rest, 28);
  const std::size_t extra = load16(rest, 30);
  const std::size_t comment = load16(rest, 32);
  const std::size_t total = zip::kCentralBytes + name + extra + comment;
  if (total > rest.size())
    return fail(ErrorCode::zip_structure,
                fmt::format("central header {} is longer than the central directory", index));
  CentralHeader header{rest.substr(0, zip::kCentralBytes), rest.substr(zip::kCentralBytes, name),
                       rest.substr(zip::kCentralBytes + name, extra),
                       rest.substr(zip::kCentralBytes + name + extra, comment)};
  rest.remove_prefix(total);
  return header;
}

Result<void> check_flags(std::uint16_t flags, std::uint16_t method, std::string_view name) {
  if (flags & (zip::kFlagEncrypted | zip::kFlagStrongEncryption | zip::kFlagMaskedHeaders))
    return refuse_entry(ErrorCode::zip_encrypted, "the entry is encrypted", name, "pack without a password");
  if (method != zip::kStored && method != zip::kDeflated)
    return refuse_entry(ErrorCode::zip_method, fmt::format("compression method {} is not read", method), name,
                        "pack with the methods \"store\" or \"deflate\"");
  constexpr std::uint16_t kKnown = zip::kFlagLevel | zip::kFlagDescriptor | zip::kFlagUtf8;
  if (flags & ~kKnown)
    return refuse_entry(
        ErrorCode::zip_structure,
        fmt::format("the entry sets reserved flags 0x{:04x}", static_cast<unsigned>(flags & ~kKnown)), name);
  return {};
}

/// Checks the kind of file, from Unix mode and DOS attributes, against the name.
Result<void> check_kind(std::uint32_t attributes, ZipEntry& entry, std::vector<std::string>& warnings) {
  constexpr std::uint32_t kDosDirectory = 0x10;
  constexpr std::uint32_t kDosVolume = 0x08;
  const std::uint32_t mode = attributes >> 16;
  const std::uint32_t type = mode & S_IFMT;
  if (type == S_IFLNK)
    return refuse_entry(ErrorCode::zip_file_kind,
                        "the entry is a symbolic link; packages hold only files and directories", entry.name,
                        "pack a copy of the file instead of the link");
  if (type != 0 && type != S_IFREG && type != S_IFDIR)
    return refuse_entry(ErrorCode::zip_file_kind,
                        fmt::format("the entry is neither a file nor a directory (mode {:o})", mode),
                        entry.name);
  const bool says_directory = type == S_IFDIR || (attributes & kDosDirectory) != 0;
  if ((attributes & kDosVolume) != 0 || (entry.directory ? type == S_IFREG : says_directory))
    return refuse_entry(ErrorCode::zip_file_kind,
                        "the entry's name and its attributes disagree on whether it is a directory",
                        entry.name);
  // Some writers store a directory as an empty deflate stream of two bytes.
  constexpr std::uint64_t kEmptyDeflate = 2;
  if (entry.directory && (entry.bytes != 0 || entry.crc != 0 || entry.packed_bytes > kEmptyDeflate))
    return refuse_entry(
        ErrorCode::zip_file_kind,
        fmt::format("a directory with {} bytes of content", std::max(entry.bytes, entry.packed_bytes)),
        entry.name);
  if (mode & (S_ISUID | S_ISGID))
    warnings.push_back(
        fmt::format("{}: set-user-id and set-group-id bits are ignored", printable(entry.name)));
  return {};
}

Result<void> check_sizes(const ZipEntry& entry, const ArchiveLimits& limits) {
  if (entry.method == zip::kStored && entry.packed_bytes != entry.bytes)
    return refuse_entry(ErrorCode::zip_size,
                        fmt::format("a stored entry declares {} packed and {} unpacked bytes",
                                    entry.packed_bytes, entry.bytes),
                        entry.name);
  if (entry.bytes > limits.max_file_bytes)
    return refuse_entry(
        ErrorCode::zip_limit,
        fmt::format("the file has {} bytes, the limit is {}", entry.bytes, limits.max_file_bytes),
        entry.name);
  return {};
}

/// Names that were taken in another spelling than they are written in: how many, and the first.
class NameNotes {
 public:
  void look_at(const ZipEntry& entry) {
    const bool ascii = std::all_of(entry.written_name.begin(), entry.written_name.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    // Some desktop archivers write UTF-8 without saying so; the canonical form says so.
    note(unmarked_, !ascii && (entry.flags & zip::kFlagUtf8) == 0, entry);
    const bool backslash = entry.written_name.find('\\') != std::string::npos;
    note(backslashes_, backslash, entry);
    note(decomposed_, !ascii && !backslash && !entry.written_name.ends_with(entry.name), entry);
  }
  void append_to(std::vector<std::string>& warnings) const {
    append(warnings, unmarked_, "not marked as UTF-8 and taken for it");
    append(warnings, backslashes_, "written with '\\' between folders, which was read as '/'");
    append(warnings, decomposed_, "written with letters and marks apart (NFD) and stored composed (NFC)");
  }

 private:
  struct Note {
    std::size_t names = 0;
    std::string first;
  };
  static void note(Note& note, bool applies, const ZipEntry& entry) {
    if (applies && note.names++ == 0) note.first = entry.name;
  }
  static void append(std::vector<std::string>& warnings, const Note& note, std::string_view what) {
    if (note.names == 1) warnings.push_back(fmt::format("{}: the name is {}", note.first, what));
    if (note.names > 1)
      warnings.push_back(fmt::format("{} names are {}, for example {}", note.names, what, note.first));
  }

  Note unmarked_, backslashes_, decomposed_;
};

/// On the file systems of DOS and Windows '\' is in no name. Windows PowerShell 5 and others write it there
/// in place of '/'.
Backslash backslash_of(std::uint16_t made_by) {
  constexpr unsigned kFat = 0, kNtfs = 10, kVfat = 14;
  const unsigned system = made_by >> 8U;
  return system == kFat || system == kNtfs || system == kVfat ? Backslash::separator
                                                              : Backslash::part_of_a_name;
}

Result<void> check_comment(std::string_view comment, const ZipEntry& entry,
                           std::vector<std::string>& warnings) {
  if (comment.empty()) return {};
  if (holds_zip_signature(comment))
    return refuse_entry(ErrorCode::zip_structure, "the entry's comment holds the signature of a zip record",
                        entry.name);
  warnings.push_back(fmt::format("{}: its comment is dropped", printable(entry.name)));
  return {};
}

Result<ZipEntry> read_entry_header(const CentralHeader& header, const ArchiveLimits& limits,
                                   std::vector<std::string>& warnings) {
  ZipEntry entry;
  entry.name = entry.written_name = header.name;
  entry.flags = load16(header.fixed, 8);
  entry.method = load16(header.fixed, 10);
  entry.crc = load32(header.fixed, 16);
  LEARNDOCK_CHECK(check_flags(entry.flags, entry.method, entry.name));
  ZipSizes sizes{load32(header.fixed, 24), load32(header.fixed, 20), load32(header.fixed, 42)};
  LEARNDOCK_CHECK(read_extra_fields(header.extra, header.name, sizes));
  entry.bytes = sizes.bytes;
  entry.packed_bytes = sizes.packed_bytes;
  entry.header_offset = sizes.header_offset;
  if (load16(header.fixed, 34) != 0)
    return refuse_entry(ErrorCode::zip_multi_disk, "the entry lies on another part of a multi-part archive",
                        entry.name);
  LEARNDOCK_TRY(entry.name, stored_path(header.name, {limits.max_path_bytes, limits.max_path_depth},
                                        backslash_of(load16(header.fixed, 4))));
  entry.directory = entry.name.ends_with('/');
  LEARNDOCK_CHECK(check_kind(load32(header.fixed, 38), entry, warnings));
  LEARNDOCK_CHECK(check_comment(header.comment, entry, warnings));
  LEARNDOCK_CHECK(check_sizes(entry, limits));
  return entry;
}

Result<std::string> read_directory_bytes(const ByteSource& source, const ZipEnd& end,
                                         const ArchiveLimits& limits) {
  if (end.entries > limits.max_entries)
    return fail(ErrorCode::zip_limit,
                fmt::format("the archive has {} entries, the limit is {}", end.entries, limits.max_entries),
                {}, "pack fewer files, for example by bundling small ones");
  // Room for names, extra fields and comments. Without this limit memory would grow with the archive, not
  // with the entry count.
  constexpr std::uint64_t kRoomPerEntry = zip::kCentralBytes + 2048;
  if (end.directory_bytes > end.entries * (kRoomPerEntry + limits.max_path_bytes))
    return fail(ErrorCode::zip_limit, fmt::format("the central directory has {} bytes for {} entries",
                                                  end.directory_bytes, end.entries));
  std::string bytes(static_cast<std::size_t>(end.directory_bytes), '\0');
  LEARNDOCK_CHECK(source.read(end.directory_offset, bytes));
  return bytes;
}

}  // namespace

Result<void> check_ratio(std::uint64_t archive, std::uint64_t stored, const ArchiveLimits& limits,
                         std::string where) {
  if (stored <= limits.ratio_allowance || stored / limits.max_ratio <= archive) return {};
  return fail(
      ErrorCode::zip_bomb,
      fmt::format("an archive of {} bytes would take {} bytes of the dock, more than {} to 1 and more "
                  "than the {} bytes that any archive may take",
                  archive, stored, limits.max_ratio, limits.ratio_allowance),
      std::move(where),
      "pack what is mostly zeros or repetition without compression (zip -0), or push the folder "
      "instead of the archive: files that are sent uncompressed have no ratio");
}

Result<ZipDirectory> read_zip_directory(const ByteSource& source, const ArchiveLimits& limits) {
  LEARNDOCK_TRY(const ZipEnd end, read_zip_end(source));
  LEARNDOCK_TRY(const std::string bytes, read_directory_bytes(source, end, limits));
  ZipDirectory directory;
  directory.offset = end.directory_offset;
  if (end.has_comment) directory.warnings.emplace_back("the archive's comment is dropped");
  std::string_view rest = bytes;
  NameNotes notes;
  for (std::uint64_t i = 0; i < end.entries; ++i) {
    LEARNDOCK_TRY(const CentralHeader header, take_header(rest, i));
    LEARNDOCK_TRY(ZipEntry entry, read_entry_header(header, limits, directory.warnings));
    notes.look_at(entry);
    directory.entries.push_back(std::move(entry));
  }
  notes.append_to(directory.warnings);
  if (!rest.empty())
    return fail(ErrorCode::zip_structure,
                fmt::format("{} bytes follow the last of {} declared entries in the central directory",
                            rest.size(), end.entries));
  return directory;
}

}  // namespace learndock::archive
