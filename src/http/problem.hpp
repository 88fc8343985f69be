#pragma once

#include "learndock/base/json.hpp"
#include "learndock/base/result.hpp"

#include <string>
#include <string_view>

namespace learndock::http {

/// The RFC 9457 object for an Error: type, title, status, detail, instance, code, number, where, fix,
/// request_id, and errors[] with the JSON pointer when the error is about a JSON body. Quotes from the
/// request are cut (base/shorten.hpp), so the object has less than 4 KiB whatever was sent.
[[nodiscard]] Json problem_to_json(const Error& error, std::string_view path, std::string_view request_id);

/// The Error that a server sent. Answers that are not problem objects become `corrupt` with the status.
[[nodiscard]] Error error_from_problem(int status, std::string_view body);

}  // namespace learndock::http
