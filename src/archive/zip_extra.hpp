#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <string_view>

namespace learndock::archive {

/// Sizes and offset of a header whose 32-bit fields may be sentinels for the Zip64 extra field.
struct ZipSizes {
  std::uint64_t bytes = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t header_offset = 0;  ///< central headers only; 0 in local ones
};

/// Checks the extra fields of one header and replaces sentinels by the values of the Zip64 field, in the
/// format's order. Fields that carry only times or owners are skipped.
/// @errors zip_structure (lengths, a repeated or missing Zip64 field), zip_encrypted, zip_file_kind (a link
/// target),
///         zip_path_invalid (a Unicode path that is not the name)
[[nodiscard]] Result<void> read_extra_fields(std::string_view extra, std::string_view name, ZipSizes& sizes);

}  // namespace learndock::archive
