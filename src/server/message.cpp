#include "server/message.hpp"

#include "learndock/base/json.hpp"

#include "base/log.hpp"
#include "http/problem.hpp"
#include "http/reason_phrase.hpp"
#include "io/disk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <system_error>

namespace learndock::server {
namespace {

/// Prevents header injection, whatever a handler puts into a value.
std::string one_line(std::string_view value) {
  std::string out(value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return out;
}

}  // namespace

StagedFile::~StagedFile() {
  if (path.empty()) return;
  if (const std::error_code error = io::disk::remove_any(path))
    log(LogLevel::warning,
        fmt::format("cannot remove the staged upload {}: {}", path.string(), error.message()));
}

std::string next_request_id() {
  static const std::uint32_t process = std::random_device{}();
  static std::atomic<std::uint32_t> count{0};
  return fmt::format("{:08x}{:08x}", process, count.fetch_add(1));
}

std::string head_text(const Response& response, std::string_view request_id, bool close) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, http::reason_phrase(response.status));
  for (const auto& [name, value] : response.fields) out += fmt::format("{}: {}\r\n", name, one_line(value));
  // A 204 and a 304 have no content, so no length either (RFC 9110, 8.6).
  if (response.status != 204 && response.status != 304)
    out += fmt::format("Content-Length: {}\r\n", response.content_length());
  out += fmt::format("X-Request-Id: {}\r\nX-Content-Type-Options: nosniff\r\n", request_id);
  if (close) out += "Connection: close\r\n";
  out += "\r\n";
  return out;
}

Response json_response(int status, const Json& json) {
  Response response;
  response.status = status;
  response.body = to_text(json) + "\n";
  response.with("Content-Type", "application/json").with("Cache-Control", "no-store");
  return response;
}

Response problem_response(const Error& error, std::string_view path, std::string_view request_id) {
  Response response = json_response(http_status(error.code), http::problem_to_json(error, path, request_id));
  response.fields[0].second = "application/problem+json";
  if (error.code == ErrorCode::overloaded || error.code == ErrorCode::unavailable)
    response.with("Retry-After", "1");
  if (error.code == ErrorCode::unauthorized) response.with("WWW-Authenticate", "Bearer realm=\"learndock\"");
  return response;
}

}  // namespace learndock::server
