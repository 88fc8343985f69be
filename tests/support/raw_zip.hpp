#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::testing {

/// Writes zip archives field by field, so that a test can make every field lie. By itself it tells the truth.

inline void put(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}
inline std::string le16(std::uint64_t value) {
  std::string out;
  put(out, value, 2);
  return out;
}
inline std::string le32(std::uint64_t value) {
  std::string out;
  put(out, value, 4);
  return out;
}
inline std::string le64(std::uint64_t value) {
  std::string out;
  put(out, value, 8);
  return out;
}
/// id, length, content.
inline std::string extra_field(std::uint16_t id, std::string_view content) {
  return le16(id) + le16(content.size()) + std::string(content);
}
inline std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}
inline std::string raw_deflate(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("deflateInit2");
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  std::string input(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int state = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (state != Z_STREAM_END) throw std::runtime_error("deflate");
  return out;
}

struct RawHeader {
  std::string name = {};
  std::string extra = {};
  std::uint16_t flags = 0x0800;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t packed = 0;
  std::uint32_t size = 0;
};

struct RawEntry {
  RawHeader local = {};
  RawHeader central = {};
  std::string data = {};        ///< the packed bytes
  std::string before = {};      ///< bytes put before the local header
  std::string descriptor = {};  ///< bytes put after the data
  std::string comment = {};
  std::uint32_t attributes = 0100644u << 16;
  std::uint16_t made_by = (3 << 8) | 20;
  std::uint16_t disk = 0;
  std::optional<std::uint32_t> offset = {};  ///< in place of the true one
  bool in_file = true;
  bool in_directory = true;

  /// Sets a field in both headers.
  template <class Field, class Value>
  RawEntry& both(Field RawHeader::*field, Value value) {
    local.*field = value;
    central.*field = value;
    return *this;
  }
};

inline RawEntry raw_file(std::string name, std::string content, bool deflated = false) {
  RawEntry entry;
  entry.data = deflated ? raw_deflate(content) : content;
  entry.local.name = std::move(name);
  entry.local.method = deflated ? 8 : 0;
  entry.local.crc = crc_of(content);
  entry.local.packed = static_cast<std::uint32_t>(entry.data.size());
  entry.local.size = static_cast<std::uint32_t>(content.size());
  entry.central = entry.local;
  return entry;
}

inline RawEntry raw_directory(std::string name) {
  RawEntry entry = raw_file(std::move(name), "");
  entry.attributes = (040755u << 16) | 0x10;
  return entry;
}

/// As Windows PowerShell 5 does it: no Unix mode, and '\' between folders.
inline RawEntry windows_file(std::string name, std::string content) {
  RawEntry entry = raw_file(std::move(name), std::move(content));
  entry.made_by = 20;
  entry.attributes = 0x20;
  return entry;
}

/// As streaming writers do it: sizes and CRC-32 only after the data.
inline RawEntry raw_streamed(std::string name, std::string content, bool is_signed = true,
                             bool wide = false) {
  RawEntry entry = raw_file(std::move(name), std::move(content), true);
  entry.both(&RawHeader::flags, std::uint16_t{0x0808});
  const std::size_t width = wide ? 8 : 4;
  if (is_signed) put(entry.descriptor, 0x08074b50, 4);
  put(entry.descriptor, entry.central.crc, 4);
  put(entry.descriptor, entry.central.packed, width);
  put(entry.descriptor, entry.central.size, width);
  entry.local.crc = entry.local.packed = entry.local.size = 0;
  return entry;
}

struct RawZip {
  std::vector<RawEntry> entries = {};
  std::string before_directory = {};
  std::string before_end = {};
  std::string comment = {};
  std::string after_end = {};
  bool zip64 = false;
  // Lies of the end records, each in place of the true value.
  std::optional<std::uint64_t> count = {};
  std::optional<std::uint64_t> directory_bytes = {};
  std::optional<std::uint64_t> directory_offset = {};
  std::optional<std::uint64_t> locator_offset = {};
  std::uint16_t disk = 0;

  [[nodiscard]] std::string bytes() const {
    std::string out;
    std::string directory;
    std::size_t listed = 0;
    for (const RawEntry& entry : entries) {
      out += entry.before;
      const std::size_t offset = out.size();
      if (entry.in_file) out += local_bytes(entry);
      if (!entry.in_directory) continue;
      directory += central_bytes(entry, entry.offset.value_or(static_cast<std::uint32_t>(offset)));
      ++listed;
    }
    out += before_directory;
    const std::uint64_t start = directory_offset.value_or(out.size());
    out += directory + before_end;
    append_end(out, count.value_or(listed), directory_bytes.value_or(directory.size()), start);
    return out + comment + after_end;
  }

 private:
  static std::string shared(const RawHeader& h) {
    return le16(20) + le16(h.flags) + le16(h.method) + le16(0) + le16(0x21) + le32(h.crc) + le32(h.packed) +
           le32(h.size) + le16(h.name.size()) + le16(h.extra.size());
  }
  static std::string local_bytes(const RawEntry& entry) {
    return le32(0x04034b50) + shared(entry.local) + entry.local.name + entry.local.extra + entry.data +
           entry.descriptor;
  }
  static std::string central_bytes(const RawEntry& entry, std::uint32_t offset) {
    return le32(0x02014b50) + le16(entry.made_by) + shared(entry.central) + le16(entry.comment.size()) +
           le16(entry.disk) + le16(0) + le32(entry.attributes) + le32(offset) + entry.central.name +
           entry.central.extra + entry.comment;
  }
  void append_end(std::string& out, std::uint64_t entries_count, std::uint64_t bytes,
                  std::uint64_t start) const {
    if (zip64) {
      const std::uint64_t at = out.size();
      out += le32(0x06064b50) + le64(44) + le16(45) + le16(45) + le32(0) + le32(0) + le64(entries_count) +
             le64(entries_count) + le64(bytes) + le64(start);
      out += le32(0x07064b50) + le32(0) + le64(locator_offset.value_or(at)) + le32(1);
      entries_count = 0xffff;
      bytes = start = 0xffffffff;
    }
    out += le32(0x06054b50) + le16(disk) + le16(0) + le16(entries_count) + le16(entries_count) + le32(bytes) +
           le32(start) + le16(comment.size());
  }
};

}  // namespace learndock::testing
