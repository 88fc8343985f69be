#include "http/problem.hpp"

#include "learndock/base/json.hpp"

#include "base/shorten.hpp"
#include "http/reason_phrase.hpp"

#include <fmt/format.h>

#include <array>

namespace learndock::http {
namespace {

/// The most bytes of the requested path in an answer; a request line may have 8 KiB.
constexpr std::size_t kMaxInstanceBytes = 500;

std::string text_of(const Json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && at->is_string() ? at->get<std::string>() : std::string();
}

}  // namespace

Json problem_to_json(const Error& whole, std::string_view path, std::string_view request_id) {
  const Error error = shortened(whole);
  const int status = http_status(error.code);
  Json json{{"type", fmt::format("urn:learndock:error:{}", slug(error.code))},
            {"title", reason_phrase(status)},
            {"status", status},
            {"detail", error.message},
            {"instance", shortened(path, kMaxInstanceBytes)},
            {"code", slug(error.code)},
            {"number", fmt::format("E{}", number(error.code))}};
  if (!error.where.empty()) json["where"] = error.where;
  if (!error.fix.empty()) json["fix"] = error.fix;
  json["request_id"] = request_id;
  if (error.where.starts_with('/'))
    json["errors"] = Json::array({{{"pointer", error.where}, {"detail", error.message}}});
  return json;
}

Error error_from_problem(int status, std::string_view body) {
  constexpr JsonLimits kLimits{std::size_t{1} << 20, 16};
  const auto json = parse_json(body, kLimits);
  const std::string code = json && json->is_object() ? text_of(*json, "code") : std::string();
  if (code.empty())
    return Error{ErrorCode::corrupt,
                 fmt::format("the server answered status {} without saying why", status),
                 {},
                 "check that the address is a learndock server's, not a proxy's"};
  Error error{code_of_slug(code), text_of(*json, "detail"), text_of(*json, "where"), text_of(*json, "fix")};
  // A newer server may know codes that this build does not; its own word is kept in the message then.
  if (slug(error.code) != code) error.message += fmt::format(" ({})", code);
  if (error.message.empty()) error.message = fmt::format("the server answered status {}", status);
  return error;
}

}  // namespace learndock::http
