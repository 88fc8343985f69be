#pragma once

#include "server/context.hpp"
#include "server/message.hpp"

namespace learndock::server {

// The web page, the API's description, probes, metrics, and what the server says of itself.
[[nodiscard]] Result<Response> page(const Context& context, const Request& request);
[[nodiscard]] Result<Response> page_script(const Context& context, const Request& request);
[[nodiscard]] Result<Response> page_style(const Context& context, const Request& request);
[[nodiscard]] Result<Response> page_icon(const Context& context, const Request& request);
[[nodiscard]] Result<Response> openapi(const Context& context, const Request& request);
[[nodiscard]] Result<Response> live(const Context& context, const Request& request);
[[nodiscard]] Result<Response> ready(const Context& context, const Request& request);
[[nodiscard]] Result<Response> metrics_text(const Context& context, const Request& request);
[[nodiscard]] Result<Response> status(const Context& context, const Request& request);
[[nodiscard]] Result<Response> vocabularies(const Context& context, const Request& request);

}  // namespace learndock::server
