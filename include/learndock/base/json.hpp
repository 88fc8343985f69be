#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace learndock {

// This header and json_value.hpp are the only doors to the JSON library.

struct JsonLimits {
  std::size_t max_bytes = std::size_t{16} << 20;  ///< longer text is refused before it is read
  std::size_t max_depth = 64;                     ///< deeper nesting is refused
  /// Estimated memory of the parsed values, in bytes: many small lists take far more than their text.
  std::size_t max_memory = std::size_t{192} << 20;
};

/// Reads one JSON text strictly: UTF-8, no duplicate keys, no NaN or Infinity, no number outside double.
/// @errors json_syntax, json_depth, json_not_finite, json_duplicate_key, json_size; `where` is a JSON pointer
/// @cost linear in the text; recursion-free
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

/// Adds a value at the end of an array, or under `key` at the end of an object, and returns it in place. The
/// caller has made sure that an object lacks the key: this is not checked, which keeps building linear.
Json& append_child(Json& container, const std::string& key, Json value);

/// One line, separators "," and ":", shortest digits that read back to the same double.
[[nodiscard]] std::string to_text(const Json& json);
/// Indented by two, for people.
[[nodiscard]] std::string to_pretty_text(const Json& json);

}  // namespace learndock
