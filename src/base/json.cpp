// The only file that drives the JSON library's parser.
#include "learndock/base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <vector>

namespace learndock {
namespace {

/// Builds a Json while enforcing what the library does not: depth, duplicate keys, and errors that name the
/// place.
class StrictBuilder {
 public:
  using number_integer_t = Json::number_integer_t;
  using number_unsigned_t = Json::number_unsigned_t;
  using number_float_t = Json::number_float_t;
  using string_t = Json::string_t;
  using binary_t = Json::binary_t;

  StrictBuilder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool null() { return place(Json(nullptr)); }
  bool boolean(bool value) { return place(Json(value)); }
  bool number_integer(number_integer_t value) { return place(Json(value)); }
  bool number_unsigned(number_unsigned_t value) { return place(Json(value)); }
  bool number_float(number_float_t value, const string_t&) { return place(Json(value)); }
  bool string(string_t& value) {
    return charge(kStringBytes + value.size()) && place(Json(std::move(value)));
  }
  bool binary(binary_t&) { return false; }

  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(string_t& name) {
    if (!charge(kMemberBytes + 2 * name.size())) return false;
    Level& level = levels_.back();
    level.key = name;
    if (!level.has(name)) return true;
    error_ =
        Error{ErrorCode::json_duplicate_key, fmt::format("the key \"{}\" appears twice in one object", name),
              pointer(), "keep one of the two"};
    return false;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& exception) {
    error_ = explain(position, exception);
    return false;
  }

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  Error take_error() { return std::move(*error_); }
  Json take_root() { return std::move(root_); }

 private:
  struct Level {
    Json* node;
    std::string key = {};
    std::unordered_set<std::string> keys = {};  // keys of a large object; a small one is searched in turn

    /// Whether the object already has the key; from now on it does.
    bool has(const std::string& name) {
      constexpr std::size_t kSmall = 16;
      const auto& object = node->get_ref<const Json::object_t&>();
      if (object.size() < kSmall)
        return std::any_of(object.begin(), object.end(), [&](const auto& one) { return one.first == name; });
      if (keys.empty())
        for (const auto& one : object) keys.insert(one.first);
      return !keys.insert(name).second;
    }
  };

  // Memory of one value, with its share of a list's spare room and of the heap's bookkeeping.
  static constexpr std::size_t kValueBytes = 24, kStringBytes = 48, kContainerBytes = 96, kMemberBytes = 160;

  bool charge(std::size_t bytes) {
    memory_ += bytes;
    if (memory_ <= limits_.max_memory) return true;
    error_ = Error{ErrorCode::json_size,
                   fmt::format("the JSON values take more than {} bytes of memory", limits_.max_memory),
                   pointer()};
    return false;
  }

  /// Adds a value to the innermost open container; nullptr-free because the parser calls in grammar order.
  Json* attach(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = levels_.back();
    return &append_child(*level.node, level.key, std::move(value));
  }
  bool place(Json value) {
    if (!charge(kValueBytes)) return false;
    attach(std::move(value));
    return true;
  }
  bool open(Json container) {
    if (levels_.size() >= limits_.max_depth) {
      error_ = Error{ErrorCode::json_depth, fmt::format("nested deeper than {} levels", limits_.max_depth),
                     pointer()};
      return false;
    }
    if (!charge(kContainerBytes)) return false;
    Json* node = attach(std::move(container));
    levels_.push_back({node});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return true;
  }

  /// The JSON pointer of the parser's place: each enclosing container names its open child, the innermost one
  /// what comes next.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const Level& level = levels_[i];
      const std::size_t held = i + 1 < levels_.size() ? 1 : 0;
      path += level.node->is_array() ? fmt::format("/{}", level.node->size() - held) : "/" + level.key;
    }
    return path;
  }

  [[nodiscard]] Error explain(std::size_t position, const nlohmann::detail::exception& exception) const {
    constexpr int kNumberOutOfRange = 406;
    if (exception.id == kNumberOutOfRange)
      return {ErrorCode::json_not_finite, "a number is too large for a double", pointer(),
              "write finite numbers below 1.8e308"};
    if (auto token = non_finite_token_before(position))
      return {ErrorCode::json_not_finite, fmt::format("{} is not a JSON number", *token), pointer(),
              "write finite numbers; clean NaN and Infinity before the specification is made"};
    // The library's text begins with a tag in brackets; the rest says line, column and what was read.
    std::string_view text = exception.what();
    if (const auto end = text.find("] "); end != std::string_view::npos) text.remove_prefix(end + 2);
    return {ErrorCode::json_syntax, fmt::format("this is not JSON: {}", text), pointer(), {}};
  }

  /// Python writes NaN, Infinity and -Infinity; the reader stops inside such a token.
  [[nodiscard]] std::optional<std::string_view> non_finite_token_before(std::size_t position) const {
    for (const std::string_view token : {"NaN", "-Infinity", "Infinity", "nan", "-inf", "inf"}) {
      const std::size_t first = position > token.size() ? position - token.size() - 1 : 0;
      for (std::size_t at = first; at <= position && at < text_.size(); ++at)
        if (text_.substr(at, token.size()) == token) return token;
    }
    return std::nullopt;
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t memory_ = 0;
  Json root_;
  std::vector<Level> levels_;
  std::optional<Error> error_;
};

}  // namespace

const Json& JsonValue::get() const noexcept {
  static const Json null;
  return json_ == nullptr ? null : *json_;
}

bool operator==(const JsonValue& a, const JsonValue& b) { return *a == *b; }

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return fail(ErrorCode::json_size,
                fmt::format("the JSON text has {} bytes, the limit is {}", text.size(), limits.max_bytes));
  StrictBuilder builder(text, limits);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.failed()) return Failure(builder.take_error());
    return fail(ErrorCode::json_syntax, "this is not JSON");
  }
  return builder.take_root();
}

Json& append_child(Json& container, const std::string& key, Json value) {
  if (container.is_array()) {
    container.push_back(std::move(value));
    return container.back();
  }
  auto& object = container.get_ref<Json::object_t&>();
  // Members are copied when their object grows. Most objects have few, and the memory charged for a member
  // covers this reserve.
  constexpr std::size_t kFewMembers = 4;
  if (object.empty()) object.reserve(kFewMembers);
  object.emplace_back(key, std::move(value));
  return object.back().second;
}

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string to_pretty_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace learndock
