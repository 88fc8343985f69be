#pragma once

#include "learndock/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::http {

/// "type/subtype" in lower case, without parameters; "" when malformed.
[[nodiscard]] std::string media_type(std::string_view content_type);

/// The token of "Bearer TOKEN" (the scheme in any case); none when it is something else.
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);
/// Compares without telling by its time where the texts differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

/// Bytes [first, first + length) of a representation.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};
/// What a Range header asks of a representation of `size` bytes (RFC 9110, 14.2): nothing for headers that a
/// server may ignore (other units, several ranges, bad syntax). @errors http_range when no byte of it exists
[[nodiscard]] Result<std::optional<ByteRange>> parse_range(std::string_view range, std::uint64_t size);

/// Whether an If-None-Match value names the tag ('*' does), by weak comparison (RFC 9110, 13.1.2).
[[nodiscard]] bool names_entity_tag(std::string_view list, std::string_view quoted_tag);

/// RFC 6266 with an ASCII fallback and the UTF-8 name of RFC 8187.
[[nodiscard]] std::string attachment(std::string_view file_name);
/// An id as a file name: bytes that a shell or a file system takes amiss become '_'.
[[nodiscard]] std::string file_name_of(std::string_view id);

/// `sha-256=:BASE64:` (RFC 9530) from 64 hexadecimal digits, and back (lower case; none without a sha-256
/// member).
[[nodiscard]] std::string digest_field(std::string_view sha256_hex);
[[nodiscard]] std::optional<std::string> sha256_of_digest_field(std::string_view field);
/// Every SHA-256 that a digest field declares, as 64 hexadecimal digits. Digests of other algorithms are
/// ignored, as RFC 9530 asks of those who do not know them. @errors http_request (not a list of
/// ALGORITHM=:BASE64:)
[[nodiscard]] Result<std::vector<std::string>> digests_of_field(std::string_view field,
                                                                std::string_view name);

/// `:BASE64:`, any bytes in a header (RFC 9651, 3.3.5), and back.
[[nodiscard]] std::string byte_sequence(std::string_view bytes);
[[nodiscard]] std::optional<std::string> bytes_of_sequence(std::string_view field);

/// Decimal digits only, at most `max`.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);

}  // namespace learndock::http
