// Every parser of the service layer that reads bytes from the network, on one input: the first byte picks the
// parser. Beyond not crashing, each result is held to what its header promises.
#include "learndock/base/json.hpp"

#include "base/utf8.hpp"
#include "http/body_reader.hpp"
#include "http/http_fields.hpp"
#include "http/http_head.hpp"
#include "http/problem.hpp"
#include "http/uri.hpp"
#include "server/router.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace learndock::server {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool has_control(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

void fuzz_head(std::string_view bytes) {
  const http::HttpLimits limits;
  const auto end = http::find_head_end(bytes, 0, limits);
  if (end && end->complete) {
    require(end->bytes <= bytes.size() && end->bytes <= limits.max_header_bytes);
    bytes = bytes.substr(0, end->bytes);
  }
  const auto head = http::parse_head(bytes, limits);
  if (!head) return;
  require(!(head->chunked && head->content_length));
  require(head->target.starts_with('/') && !has_control(head->target));
  require(head->fields.size() <= limits.max_header_fields);
  for (const auto& [name, value] : head->fields)
    require(!name.empty() && value.find_first_of("\r\n") == std::string::npos);
  static_cast<void>(http::parse_authority(head->host));
  static_cast<void>(http::parse_target(head->target));
}

/// Splitting the input anywhere must not change where the header ends.
void fuzz_split_head(std::string_view bytes) {
  if (bytes.empty()) return;
  const http::HttpLimits limits;
  const std::size_t split = static_cast<unsigned char>(bytes[0]) % bytes.size();
  const auto whole = http::find_head_end(bytes, 0, limits);
  const auto first = http::find_head_end(bytes.substr(0, split), 0, limits);
  if (!whole || !whole->complete || !first || first->complete) return;
  const auto second = http::find_head_end(bytes, split, limits);
  require(second && second->complete && second->bytes == whole->bytes);
}

void fuzz_target(std::string_view bytes) {
  const auto target = http::parse_target(bytes);
  if (!target) return;
  require(!target->segments.empty());
  for (const std::string& segment : target->segments) require(is_utf8(segment) && !has_control(segment));
  const auto match = server::find_route("GET", target->segments);
  if (match) require(match->route != nullptr);
}

void fuzz_percent(std::string_view bytes) {
  if (const auto decoded = http::percent_decode(bytes)) require(is_utf8(*decoded) && !has_control(*decoded));
  const auto again = http::percent_decode(http::percent_encode(bytes));
  if (is_utf8(bytes) && !has_control(bytes)) require(again && *again == bytes);
}

void fuzz_range(std::string_view bytes) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, ~std::uint64_t{0}}) {
    const auto range = http::parse_range(bytes, size);
    if (!range || !*range) continue;
    require((*range)->length > 0 && (*range)->first < size && (*range)->length <= size - (*range)->first);
  }
}

void fuzz_fields(std::string_view bytes) {
  static_cast<void>(http::media_type(bytes));
  static_cast<void>(http::bearer_token(bytes));
  static_cast<void>(http::names_entity_tag(bytes, "\"tag\""));
  require(!has_control(http::attachment(bytes)));
  require(http::file_name_of(bytes).find('/') == std::string::npos);
  if (const auto hex = http::sha256_of_digest_field(bytes))
    require(http::sha256_of_digest_field(http::digest_field(*hex)) == *hex);
  const std::size_t half = bytes.size() / 2;
  require(http::equal_in_constant_time(bytes.substr(0, half), bytes.substr(half)) ==
          (bytes.substr(0, half) == bytes.substr(half)));
}

void fuzz_authority(std::string_view bytes) {
  const auto authority = http::parse_authority(bytes);
  if (!authority) return;
  require(!authority->host.empty() && !has_control(authority->host) && authority->port.size() <= 5);
  static_cast<void>(http::names_loopback(authority->host));
}

void fuzz_problem(std::string_view bytes) {
  const Error error = http::error_from_problem(500, bytes);
  require(!error.message.empty());
  static_cast<void>(to_text(http::problem_to_json(error, "/", "id")));
}

/// The content and the end of a body do not depend on how it was split, and every limit holds.
void fuzz_body(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const http::BodyReader::Limits limits{1000, 200, 4};
  const std::size_t kind = static_cast<unsigned char>(bytes[0]);
  const auto reader_of = [&] {
    if (kind % 8 == 0) return http::BodyReader::of_length(kind, limits);
    return kind % 8 == 1 ? http::BodyReader::until_close(limits) : http::BodyReader::chunked(limits);
  };
  const auto read = [&](std::string_view body, std::size_t piece, std::string& content) {
    http::BodyReader reader = reader_of();
    std::size_t used = 0;
    while (!reader.done() && used < body.size()) {
      const std::string_view received = body.substr(used, piece);
      const auto step = reader.take(received, content);
      if (!step) return std::pair(std::size_t{0}, false);
      require(*step == received.size() || reader.done());
      used += *step;
    }
    require(used <= content.size() + 600 + 10 * content.size());
    return std::pair(used, reader.done());
  };
  const std::size_t piece = 1 + static_cast<unsigned char>(bytes[1]);
  bytes.remove_prefix(2);
  std::string whole;
  std::string split;
  const auto at_once = read(bytes, bytes.size(), whole);
  require(at_once == read(bytes, piece, split));
  require(whole.size() <= limits.content);
  if (at_once.first > 0) require(whole == split);
}

/// A whole message, as a connection reads it: what the head says about the body's framing is all that counts.
void fuzz_message(std::string_view bytes) {
  const http::HttpLimits limits;
  const auto end = http::find_head_end(bytes, 0, limits);
  if (!end || !end->complete) return;
  const auto head = http::parse_head(bytes.substr(0, end->bytes), limits);
  if (!head) return;
  http::BodyReader reader = http::BodyReader::of_head(*head, {1000, 200, 4});
  require(head->has_body() || reader.done());
  bytes.remove_prefix(end->bytes);
  std::string content;
  const auto used = reader.take(bytes, content);
  if (!used) return;
  require(*used == bytes.size() || reader.done());
  if (reader.done() && !head->chunked) require(content.size() == head->content_length.value_or(0));
  if (!head->has_body()) require(*used == 0);
}

}  // namespace
}  // namespace learndock::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace learndock::server;
  if (size == 0) return 0;
  constexpr void (*kParsers[])(std::string_view) = {fuzz_head,  fuzz_split_head, fuzz_target,    fuzz_percent,
                                                    fuzz_range, fuzz_fields,     fuzz_authority, fuzz_problem,
                                                    fuzz_body,  fuzz_message};
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  kParsers[data[0] % std::size(kParsers)](bytes);
  return 0;
}
