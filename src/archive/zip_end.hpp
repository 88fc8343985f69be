#pragma once

#include "learndock/base/result.hpp"

#include "archive/byte_source.hpp"

#include <cstdint>
#include <string_view>

namespace learndock::archive {

/// What the end of an archive says about its central directory, Zip64 included.
struct ZipEnd {
  std::uint64_t entries = 0;
  std::uint64_t directory_offset = 0;
  std::uint64_t directory_bytes = 0;
  bool has_comment = false;
};

/// Finds the one end record. The central directory it names must reach exactly to it, and it to the end of
/// the file.
/// @errors zip_not_a_zip, zip_truncated, zip_structure, zip_multi_disk, zip_empty, io
[[nodiscard]] Result<ZipEnd> read_zip_end(const ByteSource& source);

/// Whether text that readers might search for records holds a record's signature.
[[nodiscard]] bool holds_zip_signature(std::string_view text);

}  // namespace learndock::archive
