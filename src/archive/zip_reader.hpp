#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"

#include "archive/byte_source.hpp"
#include "archive/zip_directory.hpp"

#include <memory>
#include <string>
#include <vector>

namespace learndock::archive {

/// A zip archive that can be read in one way only. `open` has compared every local header with its central
/// one and accounted for every byte of the file; contents are checked (length, CRC-32) as they are extracted.
class ZipArchive {
 public:
  /// @errors zip_*, io; `where` is the entry's name
  /// @cost   one read per entry and one of the central directory; no content is read
  [[nodiscard]] static Result<ZipArchive> open(std::shared_ptr<const ByteSource> source,
                                               const ArchiveLimits& limits);

  /// In the order of the central directory.
  [[nodiscard]] const std::vector<ZipEntry>& entries() const { return directory_.entries; }
  [[nodiscard]] std::uint64_t bytes() const { return source_->size(); }
  /// Faults that were tolerated.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return directory_.warnings; }

  /// Streams one entry's content. The caller must throw away what the sink got before a failure.
  /// @errors zip_crc, zip_size, io, the sink's
  [[nodiscard]] Result<void> extract(const ZipEntry& entry, const Sink& sink) const;

 private:
  ZipArchive(std::shared_ptr<const ByteSource> source, ZipDirectory directory)
      : source_(std::move(source)), directory_(std::move(directory)) {}
  std::shared_ptr<const ByteSource> source_;
  ZipDirectory directory_;
};

}  // namespace learndock::archive
