#pragma once

#include "server/context.hpp"
#include "server/message.hpp"

#include <string_view>

namespace learndock::server {

inline constexpr std::string_view kSpecMedia = "application/vnd.learndock.spec";
inline constexpr std::string_view kNpyMedia = "application/x-npy";

// handlers_search.cpp
[[nodiscard]] Result<Response> search(const Context& context, const Request& request);
[[nodiscard]] Result<Response> make_specification(const Context& context, const Request& request);

// handlers_dock.cpp
[[nodiscard]] Result<Response> list_learnwares(const Context& context, const Request& request);
[[nodiscard]] Result<Response> show_learnware(const Context& context, const Request& request);
[[nodiscard]] Result<Response> upload(const Context& context, const Request& request);
[[nodiscard]] Result<Response> remove_learnware(const Context& context, const Request& request);
[[nodiscard]] Result<Response> download(const Context& context, const Request& request);
[[nodiscard]] Result<Response> use_script(const Context& context, const Request& request);

// handlers_system.cpp
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
