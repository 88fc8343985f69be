#include "server/table_query.hpp"

#include "learndock/base/json.hpp"

#include "base/shorten.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace learndock::server {
namespace {

constexpr std::size_t kMaxField = 4096;

Result<bool> truth_of(std::string_view name, std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}={} is neither true nor false", name, text.substr(0, 40)), std::string(name),
              "say true or false");
}

Result<void> read_dialect(const http::Query& query, sketch::TableOptions& options) {
  if (const auto text = query.get("delimiter")) {
    LEARNDOCK_TRY(options.delimiter, sketch::delimiter_of(*text));
  }
  if (const auto text = query.get("decimal")) {
    LEARNDOCK_TRY(options.decimal, sketch::decimal_of(*text));
  }
  if (const auto text = query.get("encoding")) {
    LEARNDOCK_TRY(options.encoding, sketch::encoding_of(*text));
  }
  if (const auto text = query.get("header")) {
    LEARNDOCK_TRY(options.header, truth_of("header", *text));
  }
  return {};
}

}  // namespace

Result<sketch::TableOptions> table_options_of(const http::Query& query) {
  sketch::TableOptions options;
  options.label_column = query.get("label").value_or("");
  options.max_unpacked_bytes = 0;  // the memory of what is packed is not charged to anyone
  if (const auto text = query.get("drop")) {
    LEARNDOCK_TRY(options.drop, sketch::split_names(*text));
  }
  if (const auto text = query.get("columns")) {
    LEARNDOCK_TRY(options.columns, sketch::split_names(*text));
  }
  if (const auto text = query.get("numeric_only")) {
    LEARNDOCK_TRY(options.numeric_only, truth_of("numeric_only", *text));
  }
  LEARNDOCK_CHECK(read_dialect(query, options));
  return options;
}

std::string warnings_field(std::span<const Warning> warnings) {
  constexpr bool kAscii = true;
  // In ASCII a character takes up to six times its bytes, so the limit that fits is found out.
  for (std::size_t limit = kMaxField;; limit /= 2) {
    const Warnings brief = shortened(Warnings(warnings.begin(), warnings.end()), limit);
    std::string text =
        to_json(std::span<const Warning>(brief)).dump(-1, ' ', kAscii, Json::error_handler_t::replace);
    if (text.size() <= kMaxField || limit == 0) return text;
  }
}

std::optional<std::string> columns_field(std::span<const std::string> columns) {
  std::size_t bytes = 0;
  for (const std::string& name : columns) bytes += name.size();
  if (columns.empty() || bytes > kMaxField) return std::nullopt;
  constexpr bool kAscii = true;
  std::string text = Json(columns).dump(-1, ' ', kAscii, Json::error_handler_t::replace);
  return text.size() > kMaxField ? std::nullopt : std::optional(std::move(text));
}

}  // namespace learndock::server
