#pragma once

#include "learndock/specification/statistical.hpp"

#include <string>
#include <string_view>

namespace learndock::specification {

/// The bytes with which the binary form begins.
inline constexpr std::string_view kBinaryMagic = "LDRK";

/// The compact binary form, byte by byte in src/specification/FORMAT.md. Lossless; 4 bytes a value when all
/// fit a float.
[[nodiscard]] std::string to_binary(const RkmeSpecification& spec);
/// @errors spec_binary (magic, version, checksum, length), spec_*
[[nodiscard]] Result<RkmeSpecification> from_binary(std::string_view bytes);

}  // namespace learndock::specification
