#pragma once

#include "server/context.hpp"
#include "server/message.hpp"

namespace learndock::server {

// The learnwares of the dock: listed, shown, uploaded, removed, downloaded.
[[nodiscard]] Result<Response> list_learnwares(const Context& context, const Request& request);
[[nodiscard]] Result<Response> show_learnware(const Context& context, const Request& request);
[[nodiscard]] Result<Response> upload(const Context& context, const Request& request);
[[nodiscard]] Result<Response> show_verification(const Context& context, const Request& request);
[[nodiscard]] Result<Response> verify_again(const Context& context, const Request& request);
[[nodiscard]] Result<Response> remove_learnware(const Context& context, const Request& request);
[[nodiscard]] Result<Response> download(const Context& context, const Request& request);
[[nodiscard]] Result<Response> use_script(const Context& context, const Request& request);

}  // namespace learndock::server
