#pragma once

#include "learndock/base/result.hpp"

#include "archive/byte_source.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace learndock::archive {

/// CRC-32 of the zip format, continued from `crc` (0 to begin).
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes, std::uint32_t crc = 0);

/// Unpacks `packed_bytes` of raw deflate data at `offset` into `sink`, never more than `expected_bytes`.
/// @errors zip_crc (not deflate data), zip_size (more or fewer bytes on either side than declared), io, the
/// sink's
[[nodiscard]] Result<void> inflate(const ByteSource& source, std::uint64_t offset, std::uint64_t packed_bytes,
                                   std::uint64_t expected_bytes, const Sink& sink);

}  // namespace learndock::archive
