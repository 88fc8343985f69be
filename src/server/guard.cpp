#include "server/guard.hpp"

#include "http/http_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>

namespace learndock::server {
namespace {

/// Refuses pages of other sites. A browser tells where a request comes from; programs send no Origin.
Result<void> check_origin(const http::RequestHead& head) {
  const auto origin = head.field("origin");
  if (!origin) return {};
  constexpr std::string_view kScheme = "://";
  const std::size_t scheme = origin->find(kScheme);
  if (scheme != std::string_view::npos && origin->substr(scheme + kScheme.size()) == head.host) return {};
  return fail(ErrorCode::forbidden,
              fmt::format("a page of another site ({}) may not change this dock", *origin), "Origin",
              "use the dock's own page or the command line");
}

/// The fields that proxies add to a request: those of the standard and others in use.
bool is_of_a_proxy(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames{"forwarded",           "via",
                                                    "x-real-ip",           "x-client-ip",
                                                    "x-cluster-client-ip", "x-remote-addr",
                                                    "x-proxyuser-ip",      "true-client-ip",
                                                    "cf-connecting-ip",    "fastly-client-ip",
                                                    "fly-client-ip",       "client-ip"};
  constexpr std::array<std::string_view, 5> kBeginnings{"x-forwarded", "forwarded-", "x-original-",
                                                        "x-envoy-", "proxy-"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return name.starts_with(beginning); });
}

/// Refuses a write that came through a proxy. A proxy on this machine passes on requests of others from a
/// loopback address.
Result<void> check_no_proxy(const http::RequestHead& head) {
  const auto found = std::find_if(head.fields.begin(), head.fields.end(),
                                  [](const auto& field) { return is_of_a_proxy(field.first); });
  if (found == head.fields.end()) return {};
  return fail(ErrorCode::forbidden,
              "this request came through a proxy, and the dock has no token: it could be anyone's",
              found->first,
              "behind a proxy start the server with a token and send it as `Authorization: Bearer TOKEN`");
}

Failure closed(Rule of_any, Deed deed) {
  if (of_any == Rule::closed)
    return fail(ErrorCode::forbidden,
                "this dock takes no uploads or removals: it is served beyond this machine without a token",
                {}, "start the server with a token and send it as `Authorization: Bearer TOKEN`");
  const bool push = deed == Deed::push;
  return fail(ErrorCode::forbidden,
              fmt::format("this server takes no {}: it has no token for them", push ? "uploads" : "removals"),
              {},
              fmt::format("start the server with --token-file or --{}-token-file", push ? "push" : "delete"));
}

}  // namespace

Result<void> check_host(const Context& context, const http::RequestHead& head) {
  // HTTP/1.0 without Host: no browser sends that, so no rebinding either.
  if (head.host.empty() && !head.field("host")) return {};
  LEARNDOCK_TRY(const http::Authority authority, http::parse_authority(head.host));
  if (!context.loopback || http::names_loopback(authority.host) || authority.host == context.options.address)
    return {};
  return fail(ErrorCode::http_host,
              fmt::format("this server answers to localhost, not to \"{}\"", authority.host), "Host",
              "use http://127.0.0.1 or http://localhost with the port, or serve on another address");
}

Principal principal_of(const Access& access, const http::RequestHead& head) {
  const auto authorization = head.field("authorization");
  return access.principal(authorization ? http::bearer_token(*authorization) : std::nullopt);
}

Result<void> check_write(const Context& context, const http::RequestHead& head, const Principal& principal,
                         const std::string& peer) {
  LEARNDOCK_CHECK(check_origin(head));
  const Deed deed = head.method == "DELETE" ? Deed::remove : Deed::push;
  switch (context.access.rule(deed)) {
    case Rule::open:
      return check_no_proxy(head);
    case Rule::closed:
      return closed(context.access.rule(), deed);
    case Rule::token:
      break;
  }
  return context.access.admit(deed, principal, peer);
}

std::uint64_t body_limit(const http::HttpLimits& limits, BodyKind kind) {
  switch (kind) {
    case BodyKind::none:
      return 0;
    case BodyKind::json:
      return limits.max_json_bytes;
    case BodyKind::table:
      return limits.max_table_bytes;
    case BodyKind::package:
      return limits.max_package_bytes;
  }
  return 0;
}

Result<void> check_body(const http::HttpLimits& limits, const Route& route, const http::RequestHead& head) {
  if (route.body == BodyKind::none) {
    if (!head.has_body()) return {};
    return fail(ErrorCode::http_request, fmt::format("{} {} takes no body", route.method, route.pattern));
  }
  const std::string media = http::media_type(head.field("content-type").value_or(""));
  if (std::find(route.media.begin(), route.media.end(), media) == route.media.end())
    return fail(ErrorCode::media_type,
                media.empty() ? "the request has no Content-Type"
                              : fmt::format("a body of type {} is not taken", media),
                "Content-Type", fmt::format("send {}", fmt::join(route.media, " or ")));
  const std::uint64_t limit = body_limit(limits, route.body);
  if (head.content_length.value_or(0) > limit)
    return fail(ErrorCode::too_large,
                fmt::format("the body has {} bytes, the limit is {}", *head.content_length, limit));
  return {};
}

}  // namespace learndock::server
