#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace learndock::sketch {

/// The content of a gzip or zstd file; nothing for other bytes.
/// @param limit  most bytes of content; 0 refuses packed files
/// @errors too_large, table_format (damaged, or packed files are refused)
[[nodiscard]] Result<std::optional<std::string>> unpack(std::string_view bytes, std::size_t limit,
                                                        std::string_view source);

/// Whether the bytes begin as a gzip or zstd file does.
[[nodiscard]] bool is_packed(std::string_view bytes);
/// As `unpack`, for one format. @pre the bytes begin as that format does
[[nodiscard]] Result<std::string> unpack_gzip(std::string_view bytes, std::size_t limit);
[[nodiscard]] Result<std::string> unpack_zstd(std::string_view bytes, std::size_t limit);

/// Makes room for a piece more of content. @errors too_large
[[nodiscard]] Result<void> grow(std::string& content, std::size_t used, std::size_t limit);

}  // namespace learndock::sketch
