// The only file that includes libyaml. It is driven by events, not documents: aliases and tags are refused
// before anything is built from them.
#include "package/yaml.hpp"

#include "package/utf8.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace learndock::package {
namespace {

std::string place(const yaml_mark_t& mark) {
  return fmt::format("line {}, column {}", mark.line + 1, mark.column + 1);
}

Failure refuse(ErrorCode code, std::string message, const yaml_mark_t& mark, std::string fix = {}) {
  return fail(code, std::move(message), place(mark), std::move(fix));
}

class Event {
 public:
  Event() = default;
  ~Event() { yaml_event_delete(&event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  yaml_event_t* get() { return &event_; }
  yaml_event_t* operator->() { return &event_; }

 private:
  yaml_event_t event_{};
};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() { yaml_parser_delete(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Result<void> next(Event& event) {
    if (yaml_parser_parse(&parser_, event.get()) != 0) return {};
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    return refuse(
        ErrorCode::package_yaml,
        fmt::format("this is not YAML: {}", parser_.problem != nullptr ? parser_.problem : "unreadable"),
        parser_.problem_mark);
  }

 private:
  yaml_parser_t parser_{};
};

bool all_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  constexpr std::string_view kDecimal = "0123456789";
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (const auto mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    std::string_view exponent = text.substr(mark + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!all_digits(exponent, kDecimal)) return false;
    text = text.substr(0, mark);
  }
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text, kDecimal);
  const std::string_view whole = text.substr(0, dot);
  const std::string_view fraction = text.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction, kDecimal);
  return all_digits(whole, kDecimal) && (fraction.empty() || all_digits(fraction, kDecimal));
}

Failure number_too_large(std::string_view text, const yaml_mark_t& mark) {
  return refuse(ErrorCode::package_yaml, fmt::format("the number {} is out of range", printable(text)), mark,
                "put it in quotes if it is meant as text");
}

template <class Int>
std::optional<Json> read_integer(std::string_view digits, int base) {
  Int value{};
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (status != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return Json(value);
}

Result<std::optional<Json>> number_of(std::string_view text, const yaml_mark_t& mark) {
  std::optional<Json> value;
  std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const std::string_view magnitude =
      digits.starts_with('-') && text.front() == '-' ? digits.substr(1) : digits;
  if (text.starts_with("0o") && all_digits(text.substr(2), "01234567")) {
    value = read_integer<std::uint64_t>(text.substr(2), 8);
  } else if (text.starts_with("0x") && all_digits(text.substr(2), "0123456789abcdefABCDEF")) {
    value = read_integer<std::uint64_t>(text.substr(2), 16);
  } else if (all_digits(magnitude, "0123456789")) {
    value = read_integer<std::int64_t>(digits, 10);
    if (!value) value = read_integer<std::uint64_t>(digits, 10);
  } else if (is_float(text)) {
    double number = 0;
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (status == std::errc{} && std::isfinite(number)) value = Json(number);
  } else {
    return std::optional<Json>();
  }
  if (!value) return number_too_large(text, mark);
  return value;
}

/// What a plain (unquoted) scalar means.
Result<Json> plain_scalar(std::string_view text, const yaml_mark_t& mark) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Json(nullptr);
  if (text == "true" || text == "True" || text == "TRUE") return Json(true);
  if (text == "false" || text == "False" || text == "FALSE") return Json(false);
  for (const std::string_view token :
       {".inf", ".Inf", ".INF", "-.inf", "-.Inf", "-.INF", "+.inf", "+.Inf", "+.INF", ".nan", ".NaN", ".NAN"})
    if (text == token)
      return refuse(ErrorCode::package_yaml, fmt::format("{} is not a finite number", text), mark,
                    "put it in quotes if it is meant as text");
  LEARNDOCK_TRY(std::optional<Json> number, number_of(text, mark));
  return number ? std::move(*number) : Json(text);
}

/// Builds the value from events, with its own stack so that nesting costs no call depth.
class Builder {
 public:
  explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

  Result<void> scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    LEARNDOCK_CHECK(check_properties(data.anchor, data.tag, event.start_mark));
    const std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
    if (wants_key()) return key(text, data.style, event.start_mark);
    if (data.style != YAML_PLAIN_SCALAR_STYLE) return attach(Json(text));
    LEARNDOCK_TRY(Json value, plain_scalar(text, event.start_mark));
    return attach(std::move(value));
  }

  Result<void> open(Json container, const unsigned char* anchor, const unsigned char* tag,
                    const yaml_mark_t& mark) {
    LEARNDOCK_CHECK(check_properties(anchor, tag, mark));
    if (wants_key()) return refuse(ErrorCode::package_yaml, "a mapping's key must be a plain value", mark);
    if (levels_.size() >= max_depth_)
      return refuse(ErrorCode::package_yaml, fmt::format("nested deeper than {} levels", max_depth_), mark);
    Json* node = place(std::move(container));
    levels_.push_back({node, {}, {}, false});
    return {};
  }

  void close() {
    levels_.pop_back();
    if (!levels_.empty()) levels_.back().has_key = false;
  }
  Json take() { return std::move(root_); }

 private:
  struct Level {
    Json* node;
    std::string key;
    std::unordered_set<std::string> keys;
    bool has_key = false;
  };

  static Result<void> check_properties(const unsigned char* anchor, const unsigned char* tag,
                                       const yaml_mark_t& mark) {
    if (anchor != nullptr)
      return refuse(ErrorCode::package_yaml_alias, "anchors and aliases are not read", mark,
                    "write the value out where it is used");
    if (tag != nullptr)
      return refuse(ErrorCode::package_yaml_tag,
                    fmt::format("the tag {} is not read; a package is plain data",
                                printable(reinterpret_cast<const char*>(tag))),
                    mark, "remove the tag");
    return {};
  }

  [[nodiscard]] bool wants_key() const {
    return !levels_.empty() && levels_.back().node->is_object() && !levels_.back().has_key;
  }

  Result<void> key(std::string_view text, yaml_scalar_style_t style, const yaml_mark_t& mark) {
    if (text == "<<" && style == YAML_PLAIN_SCALAR_STYLE)
      return refuse(ErrorCode::package_yaml, "merge keys (<<) are not read", mark, "write the keys out");
    Level& level = levels_.back();
    level.key = text;
    level.has_key = true;
    if (!level.keys.insert(level.key).second)
      return refuse(ErrorCode::package_yaml_duplicate_key,
                    fmt::format("the key \"{}\" appears twice in one mapping", printable(text)), mark,
                    "keep one of the two");
    return {};
  }

  Json* place(Json value) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Level& level = levels_.back();
    return &append_child(*level.node, level.key, std::move(value));
  }
  Result<void> attach(Json value) {
    place(std::move(value));
    if (!levels_.empty()) levels_.back().has_key = false;
    return {};
  }

  std::size_t max_depth_;
  Json root_;
  std::vector<Level> levels_;
};

Result<void> feed(Builder& builder, yaml_event_t& event, int& documents) {
  const auto& data = event.data;
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (data.document_start.tag_directives.start != data.document_start.tag_directives.end)
        return refuse(ErrorCode::package_yaml_tag, "%TAG directives are not read", event.start_mark,
                      "remove them");
      if (++documents > 1)
        return refuse(ErrorCode::package_yaml, "a second document begins; one is expected", event.start_mark);
      return {};
    case YAML_ALIAS_EVENT:
      return refuse(ErrorCode::package_yaml_alias, "anchors and aliases are not read", event.start_mark,
                    "write the value out where it is used");
    case YAML_SCALAR_EVENT:
      return builder.scalar(event);
    case YAML_SEQUENCE_START_EVENT:
      return builder.open(Json::array(), data.sequence_start.anchor, data.sequence_start.tag,
                          event.start_mark);
    case YAML_MAPPING_START_EVENT:
      return builder.open(Json::object(), data.mapping_start.anchor, data.mapping_start.tag,
                          event.start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      builder.close();
      return {};
    default:
      return {};
  }
}

}  // namespace

Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes)
    return fail(ErrorCode::package_yaml_size,
                fmt::format("the file has {} bytes, the limit is {}", text.size(), limits.max_bytes));
  Parser parser(text);
  Builder builder(limits.max_depth);
  int documents = 0;
  while (true) {
    Event event;
    LEARNDOCK_CHECK(parser.next(event));
    if (event->type == YAML_STREAM_END_EVENT || event->type == YAML_NO_EVENT) return builder.take();
    LEARNDOCK_CHECK(feed(builder, *event.get(), documents));
  }
}

}  // namespace learndock::package
