#pragma once

#include "learndock/base/result.hpp"

#include "http/http_head.hpp"
#include "server/context.hpp"
#include "server/router.hpp"

namespace learndock::server {

/// Against DNS rebinding: a server on a loopback address answers only to names of this machine, so that a web
/// site whose name was pointed here cannot read the dock through a visitor's browser. @errors http_host,
/// http_request
[[nodiscard]] Result<void> check_host(const Context& context, const http::RequestHead& head);

/// Whether this request may change the dock. Without a token it may where it comes from this machine itself:
/// not from another site's page, nor through a proxy, which makes everyone look local.
/// @return who it is, for the log: a token's name, or "no-token" @errors unauthorized, forbidden, throttled
[[nodiscard]] Result<std::string> check_write(const Context& context, const http::RequestHead& head,
                                              const std::string& peer);

/// The most bytes a route's body may have.
[[nodiscard]] std::uint64_t body_limit(const http::HttpLimits& limits, BodyKind kind);

/// Whether the body is of a media type that the route takes, and not too long as far as its header tells.
/// Done before a byte of it is read. @errors media_type, too_large
[[nodiscard]] Result<void> check_body(const http::HttpLimits& limits, const Route& route,
                                      const http::RequestHead& head);

}  // namespace learndock::server
