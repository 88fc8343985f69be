#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace learndock::io {

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78, as in RFC 3720 B.4) of bytes that may arrive in
/// pieces: hand the value of what came before as `before`. Within 2^31 - 1 bits every change of up to three
/// bits and every burst of up to 32 bits gives another value; any other change goes unnoticed once in 2^32.
/// @cost 8 bytes per instruction where the processor has one for it, else table look-ups
/// @source Koopman, "32-Bit Cyclic Redundancy Codes for Internet Applications", DSN 2002 (distances)
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace learndock::io
