#include "http/http_fields.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "http/uri.hpp"
#include "io/base64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace learndock::http {
namespace {

constexpr std::size_t kSha256Bytes = 32;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool safe_in_a_name(char c) { return is_digit(c) || is_letter(c) || c == '-' || c == '_' || c == '.'; }

unsigned nibble(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : lower(c) - 'a' + 10); }

std::string bytes_of_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
  return out;
}

/// Exactly one SHA-256; anything else is none.
std::optional<std::string> hex_of_base64(std::string_view text) {
  const auto bytes = io::from_base64(text);
  if (!bytes || bytes->size() != kSha256Bytes) return std::nullopt;
  std::string hex;
  for (const char byte : *bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

}  // namespace

std::string media_type(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  const std::size_t slash = type.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == type.size()) return {};
  const std::string out = lower(type);
  const bool plain =
      std::all_of(out.begin(), out.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
  return plain ? out : std::string();
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::string_view token = trim(authorization.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // Every byte of `a` is looked at, whatever the length of `b`, which only the caller's own secret decides.
  unsigned difference = a.size() == b.size() ? 0u : 1u;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
  const auto number = whole_number<std::uint64_t>(text);
  return number && *number <= max ? number : std::nullopt;
}

Result<std::optional<ByteRange>> parse_range(std::string_view range, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const auto ignored = std::optional<ByteRange>();
  if (!equal_ignoring_case(range.substr(0, kUnit.size()), kUnit)) return ignored;
  const std::string_view set = trim(range.substr(kUnit.size()));
  const std::size_t dash = set.find('-');
  if (dash == std::string_view::npos || set.find(',') != std::string_view::npos) return ignored;
  const std::string_view from = set.substr(0, dash);
  const std::string_view to = set.substr(dash + 1);
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const auto unsatisfiable = [&] {
    return fail(ErrorCode::http_range, fmt::format("the range \"{}\" holds no byte of {}", set, size),
                "Range", fmt::format("ask for bytes in 0-{}", size == 0 ? 0 : size - 1));
  };
  if (from.empty()) {
    const auto last = parse_number(to, kMax);
    if (!last) return ignored;
    if (*last == 0 || size == 0) return unsatisfiable();
    const std::uint64_t length = std::min(*last, size);
    return std::optional(ByteRange{size - length, length});
  }
  const auto first = parse_number(from, kMax);
  const auto last = to.empty() ? std::optional(kMax) : parse_number(to, kMax);
  if (!first || !last || *last < *first) return ignored;
  if (*first >= size) return unsatisfiable();
  return std::optional(ByteRange{*first, std::min(*last, size - 1) - *first + 1});
}

bool names_entity_tag(std::string_view list, std::string_view quoted_tag) {
  if (trim(list) == "*") return true;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view tag = trim(list.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == quoted_tag) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::string file_name_of(std::string_view id) {
  std::string out(id);
  for (char& c : out)
    if (!safe_in_a_name(c) && static_cast<unsigned char>(c) < 0x80) c = '_';
  if (out.starts_with('.') || out.starts_with('-')) out[0] = '_';
  return out;
}

std::string attachment(std::string_view file_name) {
  std::string plain(file_name);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return !safe_in_a_name(c); }, '_');
  if (plain == file_name) return fmt::format("attachment; filename=\"{}\"", plain);
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, percent_encode(file_name));
}

std::string digest_field(std::string_view sha256_hex) {
  return fmt::format("sha-256=:{}:", io::to_base64(bytes_of_hex(sha256_hex)));
}

std::string byte_sequence(std::string_view bytes) { return fmt::format(":{}:", io::to_base64(bytes)); }

std::optional<std::string> bytes_of_sequence(std::string_view field) {
  field = trim(field);
  if (field.size() < 2 || !field.starts_with(':') || !field.ends_with(':')) return std::nullopt;
  return io::from_base64(field.substr(1, field.size() - 2));
}

Result<std::vector<std::string>> digests_of_field(std::string_view field, std::string_view name) {
  const auto malformed = [&](std::string_view member) {
    return fail(ErrorCode::http_request, fmt::format("\"{}\" is not a digest", member), std::string(name),
                "write it as sha-256=:BASE64:");
  };
  std::vector<std::string> digests;
  for (bool more = true; more;) {
    const std::size_t comma = field.find(',');
    more = comma != std::string_view::npos;
    const std::string_view member = trim(field.substr(0, comma));
    if (more) field.remove_prefix(comma + 1);
    const std::size_t equal = member.find('=');
    if (equal == 0 || equal == std::string_view::npos) return malformed(member);
    const std::string_view algorithm = member.substr(0, equal);
    if (!std::all_of(algorithm.begin(), algorithm.end(),
                     [](char c) { return safe_in_a_name(c) || c == '*'; }))
      return malformed(member);
    const std::size_t end = std::min(member.find(';'), member.size());  // parameters say nothing of the bytes
    const std::string_view value = trim(member.substr(equal + 1, end - equal - 1));
    if (!bytes_of_sequence(value)) return malformed(member);
    if (!equal_ignoring_case(algorithm, "sha-256")) continue;
    const auto hex = hex_of_base64(value.substr(1, value.size() - 2));
    if (!hex) return malformed(member);
    digests.push_back(*hex);
  }
  return digests;
}

std::optional<std::string> sha256_of_digest_field(std::string_view field) {
  constexpr std::string_view kName = "sha-256=:";
  while (!field.empty()) {
    const std::size_t comma = std::min(field.find(','), field.size());
    const std::string_view member = trim(field.substr(0, comma));
    field.remove_prefix(std::min(comma + 1, field.size()));
    if (!equal_ignoring_case(member.substr(0, kName.size()), kName)) continue;
    const std::string_view value = member.substr(kName.size());
    if (!value.ends_with(':')) return std::nullopt;
    return hex_of_base64(value.substr(0, value.size() - 1));
  }
  return std::nullopt;
}

}  // namespace learndock::http
