// The only file that includes libyaml. It is driven by events, not documents: aliases and tags are refused
// before anything is built from them.
#include "package/yaml.hpp"

#include "learndock/base/json.hpp"

#include "base/utf8.hpp"
#include "package/file_text.hpp"
#include "package/yaml_scalar.hpp"

#include <fmt/format.h>
#include <yaml.h>

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
    auto value = plain_scalar(text);
    if (!value) return refuse(value.error().code, value.error().message, event.start_mark, value.error().fix);
    return attach(std::move(*value));
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

Failure not_utf8(std::string_view bytes) {
  if (is_marked_utf16(bytes))
    return fail(ErrorCode::package_yaml, "the file begins as UTF-16 and is not", {}, "save it as UTF-8");
  std::size_t line = 1;
  for (std::string_view rest = bytes; const auto point = take_code_point(rest);)
    line += *point == U'\n' ? 1 : 0;
  return fail(ErrorCode::package_yaml, "the file is not UTF-8", fmt::format("line {}", line),
              "save it as UTF-8; it may be in an older encoding such as GBK or Latin-1");
}

}  // namespace

Result<Json> parse_yaml(std::string_view bytes, const YamlLimits& limits) {
  if (bytes.size() > limits.max_bytes)
    return fail(ErrorCode::package_yaml_size,
                fmt::format("the file has {} bytes, the limit is {}", bytes.size(), limits.max_bytes));
  // libyaml would take a byte order mark for text once it is told the encoding.
  const auto text = text_of_file(bytes);
  if (!text) return not_utf8(bytes);
  Parser parser(*text);
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
