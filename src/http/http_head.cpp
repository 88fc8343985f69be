#include "http/http_head.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace learndock::http {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kMaxLengthDigits = 18;  // below 2^63 without an overflow check

Failure bad(std::string message, std::string where = {}) {
  return fail(ErrorCode::http_request, std::move(message), std::move(where),
              "send HTTP/1.1 as RFC 9112 defines it");
}

bool is_token_byte(char c) {
  if (is_digit(c) || is_letter(c)) return true;
  return c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

/// Takes one line, without its CR LF, off the front.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

/// "http://host/path" is what a proxy sends; its authority counts as the Host.
Result<void> read_target(RequestHead& head, std::string_view target) {
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (target.empty() || !std::all_of(target.begin(), target.end(), printable))
    return bad("the request target has a byte outside printable ASCII", "request line");
  constexpr std::string_view kScheme = "http://";
  if (lower(target.substr(0, kScheme.size())) == kScheme) {
    target.remove_prefix(kScheme.size());
    const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
    head.host = target.substr(0, slash);
    head.target = target.substr(slash);
    if (!head.target.starts_with('/')) head.target.insert(0, "/");
    return {};
  }
  if (target.find('#') != std::string_view::npos)
    return bad("the request target has a fragment", "request line");
  if (target[0] != '/') return bad("the request target does not begin with '/'", "request line");
  head.target = target;
  return {};
}

/// Returns the minor version.
Result<int> read_request_line(RequestHead& head, std::string_view line, const HttpLimits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || last == first)
    return bad("the request line is not METHOD TARGET VERSION", "request line");
  head.method = line.substr(0, first);
  if (head.method.size() > kMaxMethodBytes || !is_token(head.method))
    return bad("not a method", "request line");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.size() > limits.max_target_bytes)
    return fail(ErrorCode::http_target_length, fmt::format("the target has {} bytes, the limit is {}",
                                                           target.size(), limits.max_target_bytes));
  LEARNDOCK_CHECK(read_target(head, target));
  const std::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.1") return 1;
  if (version == "HTTP/1.0") return 0;
  if (version.size() == 8 && version.starts_with("HTTP/"))
    return fail(ErrorCode::http_version, fmt::format("{} is not supported", version), "request line",
                "use HTTP/1.1");
  return bad("the request line does not end in an HTTP version", "request line");
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_field(std::string_view line) {
  if (line.empty()) return bad("a header line is empty", "header");
  if (line.front() == ' ' || line.front() == '\t') return bad("a header line is folded", "header");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bad("a header line has no colon", "header");
  const std::string_view name = line.substr(0, colon);
  if (!is_token(name))
    return bad("a header name holds a byte that is not allowed, or a space before its colon", "header");
  const std::string_view value = trim(line.substr(colon + 1));
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
      return bad("a header value holds a control character", std::string(name));
  return std::pair(lower(name), std::string(value));
}

namespace {

Result<std::optional<std::string_view>> only_one(const RequestHead& head, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : head.fields) {
    if (key != name) continue;
    if (found) return bad(fmt::format("two {} headers", name), std::string(name));
    found = value;
  }
  return found;
}

Result<void> read_framing(RequestHead& head, int minor) {
  LEARNDOCK_TRY(const auto length, only_one(head, "content-length"));
  LEARNDOCK_TRY(const auto coding, only_one(head, "transfer-encoding"));
  if (length && coding) return bad("both Content-Length and Transfer-Encoding", "content-length");
  if (length) {
    head.content_length = whole_number<std::uint64_t>(*length);
    if (!head.content_length || length->size() > kMaxLengthDigits)
      return bad("Content-Length is not one decimal number", "content-length");
  }
  if (coding) {
    if (minor == 0) return bad("Transfer-Encoding with HTTP/1.0", "transfer-encoding");
    if (lower(*coding) != "chunked")
      return bad("the only Transfer-Encoding understood is \"chunked\"", "transfer-encoding");
    head.chunked = true;
  }
  return {};
}

Result<void> read_host(RequestHead& head, int minor) {
  LEARNDOCK_TRY(const auto host, only_one(head, "host"));
  if (!host && minor == 1) return bad("a request without Host", "host");
  if (host && head.host.empty()) head.host = *host;
  return {};
}

Result<void> read_connection(RequestHead& head, int minor) {
  head.keep_alive = minor == 1;
  for (const auto& [name, value] : head.fields) {
    if (name != "connection") continue;
    // "close" wins over "keep-alive", whatever their order.
    const std::string options = "," + lower(value) + ",";
    std::string packed;
    for (const char c : options)
      if (c != ' ' && c != '\t') packed += c;
    if (packed.find(",close,") != std::string::npos) {
      head.keep_alive = false;
      return {};
    }
    if (packed.find(",keep-alive,") != std::string::npos) head.keep_alive = true;
  }
  return {};
}

Result<void> read_expect(RequestHead& head, int minor) {
  LEARNDOCK_TRY(const auto expect, only_one(head, "expect"));
  if (!expect || minor == 0) return {};
  if (lower(*expect) != "100-continue")
    return fail(ErrorCode::http_expect, "the only expectation understood is 100-continue", "expect");
  head.expects_continue = true;
  return {};
}

}  // namespace

std::optional<std::string_view> RequestHead::field(std::string_view name) const {
  for (const auto& [key, value] : fields)
    if (key == name) return value;
  return std::nullopt;
}

Result<HeadEnd> find_head_end(std::string_view received, std::size_t from, const HttpLimits& limits) {
  // Step back so that a CR LF CR LF split between two reads is still seen.
  for (std::size_t i = from < 3 ? 0 : from - 3; i < received.size(); ++i) {
    const char c = received[i];
    if (c == '\n' && (i == 0 || received[i - 1] != '\r'))
      return bad("a line ends in LF without CR", "header");
    if (c == '\r' && i + 1 < received.size() && received[i + 1] != '\n')
      return bad("a CR without LF", "header");
    if (c == '\0') return bad("a NUL byte", "header");
    if (c == '\n' && i >= 3 && received[i - 2] == '\n') {
      if (i + 1 > limits.max_header_bytes) break;
      return HeadEnd{true, i + 1};
    }
  }
  const std::size_t line_end = received.find('\n');
  const std::size_t line = std::min(line_end, received.size());
  constexpr std::size_t kAroundTarget = kMaxMethodBytes + 16;
  if (line > limits.max_target_bytes + kAroundTarget)
    return fail(ErrorCode::http_target_length,
                fmt::format("the request line is longer than a target of {} bytes", limits.max_target_bytes));
  if (received.size() >= limits.max_header_bytes)
    return fail(ErrorCode::http_header_size,
                fmt::format("the header has more than {} bytes", limits.max_header_bytes));
  return HeadEnd{};
}

Result<RequestHead> parse_head(std::string_view text, const HttpLimits& limits) {
  if (!text.ends_with("\r\n\r\n")) return bad("the header has no end", "header");
  RequestHead head;
  LEARNDOCK_TRY(const int minor, read_request_line(head, take_line(text), limits));
  while (true) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if (head.fields.size() == limits.max_header_fields)
      return fail(ErrorCode::http_header_size,
                  fmt::format("more than {} header fields", limits.max_header_fields));
    LEARNDOCK_TRY(auto field, parse_field(line));
    head.fields.push_back(std::move(field));
  }
  LEARNDOCK_CHECK(read_framing(head, minor));
  LEARNDOCK_CHECK(read_host(head, minor));
  LEARNDOCK_CHECK(read_connection(head, minor));
  LEARNDOCK_CHECK(read_expect(head, minor));
  return head;
}

}  // namespace learndock::http
