#include "package/yaml.hpp"

#include "learndock/base/json.hpp"

#include "base/utf8.hpp"
#include "package/file_text.hpp"
#include "package/yaml_events.hpp"
#include "package/yaml_scalar.hpp"

#include <fmt/format.h>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace learndock::package {
namespace {

Failure refuse(ErrorCode code, std::string message, const YamlEvent& event, std::string fix = {}) {
  return fail(code, std::move(message), place_of(event), std::move(fix));
}

/// Builds the value from events, with its own stack so that nesting costs no call depth.
class Builder {
 public:
  explicit Builder(std::size_t max_depth) : max_depth_(max_depth) {}

  Result<void> take(const YamlEvent& event) {
    switch (event.kind) {
      case YamlKind::scalar:
        return scalar(event);
      case YamlKind::sequence:
        return open(Json::array(), event);
      case YamlKind::mapping:
        return open(Json::object(), event);
      case YamlKind::end:
        break;
    }
    levels_.pop_back();
    if (!levels_.empty()) levels_.back().has_key = false;
    return {};
  }
  Json result() { return std::move(root_); }

 private:
  struct Level {
    Json* node;
    std::string key;
    std::unordered_set<std::string> keys;
    bool has_key = false;
  };

  [[nodiscard]] bool wants_key() const {
    return !levels_.empty() && levels_.back().node->is_object() && !levels_.back().has_key;
  }

  Result<void> scalar(const YamlEvent& event) {
    if (wants_key()) return key(event);
    if (!event.plain) return attach(Json(event.text));
    auto value = plain_scalar(event.text);
    if (!value) return refuse(value.error().code, value.error().message, event, value.error().fix);
    return attach(std::move(*value));
  }

  Result<void> open(Json container, const YamlEvent& event) {
    if (wants_key()) return refuse(ErrorCode::package_yaml, "a mapping's key must be a plain value", event);
    if (levels_.size() >= max_depth_)
      return refuse(ErrorCode::package_yaml, fmt::format("nested deeper than {} levels", max_depth_), event);
    Json* node = place(std::move(container));
    levels_.push_back({node, {}, {}, false});
    return {};
  }

  Result<void> key(const YamlEvent& event) {
    if (event.text == "<<" && event.plain)
      return refuse(ErrorCode::package_yaml, "merge keys (<<) are not read", event, "write the keys out");
    Level& level = levels_.back();
    level.key = event.text;
    level.has_key = true;
    if (!level.keys.insert(level.key).second)
      return refuse(ErrorCode::package_yaml_duplicate_key,
                    fmt::format("the key \"{}\" appears twice in one mapping", printable(event.text)), event,
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
  Builder builder(limits.max_depth);
  LEARNDOCK_CHECK(visit_yaml(*text, [&](const YamlEvent& event) { return builder.take(event); }));
  return builder.result();
}

}  // namespace learndock::package
