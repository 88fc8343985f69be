#pragma once

#include "learndock/base/result.hpp"
#include "learndock/sketch/table.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace learndock::sketch {

/// A text in UTF-8: the bytes that came in, or a copy in another encoding.
struct DecodedText {
  TextEncoding encoding = TextEncoding::utf8;
  std::string copy;           ///< empty where the bytes themselves are the text
  std::string_view in_place;  ///< without a byte order mark
  [[nodiscard]] std::string_view text() const { return copy.empty() ? in_place : std::string_view(copy); }
};

[[nodiscard]] std::string_view name_of(TextEncoding encoding);
/// The bytes of the copy in UTF-8 that `decode` makes, at most; 0 when it makes none. @cost one pass, no
/// memory
[[nodiscard]] std::size_t decoded_bytes(std::string_view bytes, std::optional<TextEncoding> given);
/// By byte order mark, by the zeros of UTF-16, or as UTF-8. @param given  the encoding that the user named
/// @param source  what a suggested command calls the file
/// @errors table_encoding (the bytes are no text in that encoding)
[[nodiscard]] Result<DecodedText> decode(std::string_view bytes, std::optional<TextEncoding> given,
                                         std::string_view source);

}  // namespace learndock::sketch
