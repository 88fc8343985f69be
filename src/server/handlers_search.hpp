#pragma once

#include "server/context.hpp"
#include "server/message.hpp"

#include <string_view>

namespace learndock::server {

inline constexpr std::string_view kSpecMedia = "application/vnd.learndock.spec";
inline constexpr std::string_view kNpyMedia = "application/x-npy";

// Searches, and specifications made from tables.
[[nodiscard]] Result<Response> search(const Context& context, const Request& request);
[[nodiscard]] Result<Response> make_specification(const Context& context, const Request& request);

}  // namespace learndock::server
