#pragma once

#include "learndock/base/result.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace learndock::http {

/// Decodes %XX strictly: every '%' needs two hexadecimal digits, and the result must be UTF-8 without NUL or
/// other control characters. @errors http_request
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);
/// Encodes everything but unreserved characters (RFC 3986, 2.3).
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The query of a target: names are unique, '+' means a space.
class Query {
 public:
  /// @errors http_request (bad escape, a name twice, too many)
  [[nodiscard]] static Result<Query> parse(std::string_view text);
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// Refuses names that the route does not know. @errors invalid_argument
  [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> known) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// A request target in origin form, taken apart: split at '/' first and decoded after, so that an encoded
/// slash never makes a new segment.
struct Target {
  std::string path;                   ///< as sent, without the query
  std::vector<std::string> segments;  ///< decoded; "/" has one, empty
  Query query;
};
/// @errors http_request
[[nodiscard]] Result<Target> parse_target(std::string_view target);

/// host[:port] as in the Host header.
struct Authority {
  std::string host;  ///< lower case; IPv6 without brackets
  std::string port;  ///< "" when absent
};
/// @errors http_request
[[nodiscard]] Result<Authority> parse_authority(std::string_view text);
/// Whether a host is "localhost", in 127.0.0.0/8, or ::1.
[[nodiscard]] bool names_loopback(std::string_view host);

}  // namespace learndock::http
