#pragma once

#include "learndock/base/result.hpp"

#include "http/http_head.hpp"
#include "server/context.hpp"
#include "server/router.hpp"

namespace learndock::server {

/// Protects against DNS rebinding: a server on a loopback address answers only to names of this machine, so
/// that a web site whose name was pointed here cannot read the dock through a visitor's browser. @errors
/// http_host, http_request
[[nodiscard]] Result<void> check_host(const Context& context, const http::RequestHead& head);

/// Who sends the request, by the token of its Authorization header. A header that is not "Bearer TOKEN"
/// counts as none. No other code reads that header.
[[nodiscard]] Principal principal_of(const Access& access, const http::RequestHead& head);

/// Checks whether this request may change the dock. Without a token it may when it comes from this machine
/// itself, but not from another site's page, nor through a proxy, which makes everyone look local.
/// @errors unauthorized, forbidden, throttled
[[nodiscard]] Result<void> check_write(const Context& context, const http::RequestHead& head,
                                       const Principal& principal, const std::string& peer);

/// The most bytes a route's body may have.
[[nodiscard]] std::uint64_t body_limit(const http::HttpLimits& limits, BodyKind kind);

/// Checks that the route takes the body's media type, and that its declared length is not too large. Call it
/// before a byte of the body is read. @errors media_type, too_large
[[nodiscard]] Result<void> check_body(const http::HttpLimits& limits, const Route& route,
                                      const http::RequestHead& head);

}  // namespace learndock::server
