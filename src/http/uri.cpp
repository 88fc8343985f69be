#include "http/uri.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>

namespace learndock::http {
namespace {

constexpr std::size_t kMaxQueryValues = 32;

std::string with_spaces(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '+', ' ');
  return out;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return fail(ErrorCode::http_request,
                  fmt::format("byte {} of the target: '%' without two hexadecimal digits", i), "target",
                  "write a literal percent sign as %25");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(out.begin(), out.end(), is_control))
    return fail(ErrorCode::http_request, "the target decodes to a control character", "target");
  if (!is_utf8(out)) return fail(ErrorCode::http_request, "the target does not decode to UTF-8", "target");
  return out;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (query.values_.size() == kMaxQueryValues)
      return fail(ErrorCode::http_request,
                  fmt::format("the query has more than {} parameters", kMaxQueryValues));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    LEARNDOCK_TRY(std::string name, percent_decode(with_spaces(pair.substr(0, equals))));
    LEARNDOCK_TRY(std::string value,
                  percent_decode(with_spaces(pair.substr(std::min(equals + 1, pair.size())))));
    if (query.get(name))
      return fail(ErrorCode::http_request, fmt::format("the query names \"{}\" twice", name), "query",
                  "keep one of them");
    query.values_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

std::optional<std::string> Query::get(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return value;
  return std::nullopt;
}

Result<void> Query::only(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, value] : values_)
    if (std::find(known.begin(), known.end(), key) == known.end())
      return fail(
          ErrorCode::invalid_argument, fmt::format("this route has no query parameter \"{}\"", key), "query",
          known.size() == 0 ? "leave out the query"
                            : fmt::format("it knows: {}", fmt::join(known.begin(), known.end(), ", ")));
  return {};
}

Result<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/'))
    return fail(ErrorCode::http_request, "the request target does not begin with '/'", "target");
  const std::size_t mark = std::min(target.find('?'), target.size());
  Target out;
  out.path = target.substr(0, mark);
  std::string_view rest = target.substr(1, mark - 1);
  while (true) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    LEARNDOCK_TRY(out.segments.emplace_back(), percent_decode(rest.substr(0, slash)));
    if (slash == rest.size()) break;
    rest.remove_prefix(slash + 1);
  }
  LEARNDOCK_TRY(out.query, Query::parse(mark < target.size() ? target.substr(mark + 1) : std::string_view{}));
  return out;
}

Result<Authority> parse_authority(std::string_view text) {
  const auto bad = [&] { return fail(ErrorCode::http_request, "the Host is not host or host:port", "Host"); };
  Authority out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return bad();
    const std::string_view inner = text.substr(1, close - 1);
    const bool plain = std::all_of(inner.begin(), inner.end(),
                                   [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
    if (!plain || inner.find(':') == std::string_view::npos) return bad();
    out.host = inner;
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    out.host = text.substr(0, colon);
    rest = text.substr(colon);
    const auto named = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_'; };
    if (out.host.empty() || !std::all_of(out.host.begin(), out.host.end(), named)) return bad();
  }
  if (!rest.empty()) {
    if (rest[0] != ':') return bad();
    out.port = rest.substr(1);
    if (out.port.size() > 5 || !std::all_of(out.port.begin(), out.port.end(), is_digit)) return bad();
  }
  std::transform(out.host.begin(), out.host.end(), out.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool names_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  std::array<unsigned char, 4> address{};
  const bool is_ipv4 = host.find('\0') == std::string_view::npos &&
                       ::inet_pton(AF_INET, std::string(host).c_str(), address.data()) == 1;
  return is_ipv4 && address[0] == 127;
}

}  // namespace learndock::http
