#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"

#include "archive/byte_source.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::archive {

/// One file or directory of an archive, as its central directory declares it.
struct ZipEntry {
  std::string name;          ///< as `stored_path` gives it; a directory keeps its trailing '/'
  std::string written_name;  ///< the bytes in both headers
  bool directory = false;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t header_offset = 0;
  std::uint64_t data_offset = 0;  ///< set by the walk over the local headers
};

struct ZipDirectory {
  std::vector<ZipEntry> entries;  ///< in the order of the central directory
  std::uint64_t offset = 0;       ///< offset of the central directory, where the entries must end
  std::vector<std::string> warnings;
};

/// Reads the end record (exactly one, ending with the file), the Zip64 records and the central directory, and
/// checks each entry by itself: name, kind, method, flags, extra fields. What entries claim about each other
/// and about the bytes is left to the walk. @errors zip_*
[[nodiscard]] Result<ZipDirectory> read_zip_directory(const ByteSource& source, const ArchiveLimits& limits);

/// Checks that an archive of `archive` bytes may take `stored` bytes of a dock. Only whole archives are
/// checked: a file that packs well is no fault beside others that do not. @errors zip_bomb
[[nodiscard]] Result<void> check_ratio(std::uint64_t archive, std::uint64_t stored,
                                       const ArchiveLimits& limits, std::string where);

}  // namespace learndock::archive
