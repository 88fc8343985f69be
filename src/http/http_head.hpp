#pragma once

#include "learndock/base/result.hpp"
#include "learndock/http/http_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace learndock::http {

/// A request's header section, taken apart by rules stricter than RFC 9112 asks, so that no proxy in front
/// can read it differently: no bare CR or LF, no folded lines, no space before a colon, one way only to say
/// how long the body is.
struct RequestHead {
  std::string method;
  std::string target;  ///< origin form
  std::string host;    ///< as sent; "" with HTTP/1.0
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case, values trimmed

  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
  /// The value of the first field of that (lower-case) name.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
};

/// Where the header section ends, over the bytes received so far.
struct HeadEnd {
  bool complete = false;
  std::size_t bytes = 0;  ///< length with the empty line, when complete
};
/// Looks at bytes from `from` on (everything before was scanned by an earlier call; pass 0 first). Finds the
/// first byte that can never become a valid header, so that no time-out is needed to refuse it.
/// @errors http_request, http_target_length, http_header_size
[[nodiscard]] Result<HeadEnd> find_head_end(std::string_view received, std::size_t from,
                                            const HttpLimits& limits);

/// One header or trailer line, without its CR LF: the name in lower case, the value trimmed. @errors
/// http_request
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_field(std::string_view line);

/// Parses a complete header section, empty line included.
/// @errors http_request, http_target_length, http_header_size, http_version, http_expect
[[nodiscard]] Result<RequestHead> parse_head(std::string_view head, const HttpLimits& limits);

}  // namespace learndock::http
