// The only file that includes libyaml. It is driven by events, not documents: tags and aliases are looked at
// before anything is built from them, and nothing is ever constructed.
#include "package/yaml_events.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <map>
#include <new>
#include <utility>
#include <vector>

namespace learndock::package {
namespace {

constexpr std::string_view kTupleTag = "tag:yaml.org,2002:python/tuple";

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

std::string_view text_of(const unsigned char* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

YamlEvent event_of(YamlKind kind, const yaml_mark_t& mark) {
  return {kind, {}, false, mark.line + 1, mark.column + 1};
}

Failure refuse_alias(std::string_view why, const yaml_mark_t& mark) {
  return refuse(ErrorCode::package_yaml_alias, fmt::format("anchors and aliases are read only {}", why), mark,
                "write the value out where it is used");
}

Result<void> check_tag(std::string_view tag, bool on_sequence, const yaml_mark_t& mark) {
  if (tag.empty() || (on_sequence && tag == kTupleTag)) return {};
  return refuse(ErrorCode::package_yaml_tag,
                fmt::format("the tag {} is not read; a package is plain data", printable(tag)), mark,
                "remove the tag");
}

/// Takes tags and aliases out of the parser's events. What an anchor names is remembered as the events that
/// it consists of, which are short: an alias gives them again.
class Resolver {
 public:
  using Visit = std::function<Result<void>(const YamlEvent&)>;
  explicit Resolver(const Visit& visit) : visit_(visit) {}

  Result<void> take(const yaml_event_t& event) {
    const auto& data = event.data;
    const yaml_mark_t& mark = event.start_mark;
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        return begin_document(
            data.document_start.tag_directives.start != data.document_start.tag_directives.end, mark);
      case YAML_ALIAS_EVENT:
        return alias(text_of(data.alias.anchor), mark);
      case YAML_SCALAR_EVENT:
        return scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        LEARNDOCK_CHECK(check_tag(text_of(data.sequence_start.tag), true, mark));
        return open(YamlKind::sequence, text_of(data.sequence_start.anchor), mark);
      case YAML_MAPPING_START_EVENT:
        LEARNDOCK_CHECK(check_tag(text_of(data.mapping_start.tag), false, mark));
        return open(YamlKind::mapping, text_of(data.mapping_start.anchor), mark);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close(mark);
      default:
        return {};
    }
  }

 private:
  struct Anchored {
    std::vector<YamlEvent> events;
    std::size_t bytes = 0;
  };

  Result<void> begin_document(bool has_directives, const yaml_mark_t& mark) {
    if (has_directives)
      return refuse(ErrorCode::package_yaml_tag, "%TAG directives are not read", mark, "remove them");
    if (++documents_ > 1)
      return refuse(ErrorCode::package_yaml, "a second document begins; one is expected", mark);
    return {};
  }

  /// Begins to remember what a new anchor names.
  Result<void> anchor(std::string_view name, const yaml_mark_t& mark) {
    if (anchors_.size() >= kMostAnchors)
      return refuse_alias(fmt::format("up to {} of them", kMostAnchors), mark);
    if (!anchors_.try_emplace(std::string(name)).second)
      return refuse_alias("where each anchor names one value", mark);
    open_anchor_ = name;
    return {};
  }

  Result<void> remember(const YamlEvent& event, const yaml_mark_t& mark) {
    Anchored& anchored = anchors_[open_anchor_];
    anchored.bytes += event.text.size();
    if (anchored.bytes > kMostAliasedBytes || anchored.events.size() > kMostAliased)
      return refuse_alias(
          fmt::format("on a scalar, or on a sequence of up to {} scalars, of at most {} bytes", kMostAliased,
                      kMostAliasedBytes),
          mark);
    anchored.events.push_back(event);
    return {};
  }

  Result<void> scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    LEARNDOCK_CHECK(check_tag(text_of(data.tag), false, event.start_mark));
    YamlEvent made = event_of(YamlKind::scalar, event.start_mark);
    made.text.assign(reinterpret_cast<const char*>(data.value), data.length);
    made.plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    const std::string_view name = text_of(data.anchor);
    if (!name.empty()) {
      if (!open_anchor_.empty())
        return refuse_alias("outside of what another anchor names", event.start_mark);
      LEARNDOCK_CHECK(anchor(name, event.start_mark));
    }
    if (!open_anchor_.empty()) LEARNDOCK_CHECK(remember(made, event.start_mark));
    if (!name.empty()) open_anchor_.clear();
    return visit_(made);
  }

  Result<void> open(YamlKind kind, std::string_view name, const yaml_mark_t& mark) {
    if (!open_anchor_.empty()) return refuse_alias("on a scalar or a sequence of scalars", mark);
    const YamlEvent made = event_of(kind, mark);
    if (!name.empty()) {
      if (kind != YamlKind::sequence) return refuse_alias("on a scalar or a sequence of scalars", mark);
      LEARNDOCK_CHECK(anchor(name, mark));
      LEARNDOCK_CHECK(remember(made, mark));
    }
    return visit_(made);
  }

  /// Nothing is nested in what an anchor names, so that the first end is that of its sequence.
  Result<void> close(const yaml_mark_t& mark) {
    const YamlEvent made = event_of(YamlKind::end, mark);
    if (!open_anchor_.empty()) anchors_[open_anchor_].events.push_back(made);
    open_anchor_.clear();
    return visit_(made);
  }

  Result<void> alias(std::string_view name, const yaml_mark_t& mark) {
    if (!open_anchor_.empty()) return refuse_alias("outside of what another anchor names", mark);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) return refuse_alias("after the anchor that they name", mark);
    if (++aliases_ > kMostAliases) return refuse_alias(fmt::format("up to {} times", kMostAliases), mark);
    for (YamlEvent event : found->second.events) {
      event.line = mark.line + 1;
      event.column = mark.column + 1;
      LEARNDOCK_CHECK(visit_(event));
    }
    return {};
  }

  const Visit& visit_;
  int documents_ = 0;
  std::map<std::string, Anchored, std::less<>> anchors_;
  std::string open_anchor_;  // the one whose value is being read; "" if none
  std::size_t aliases_ = 0;
};

}  // namespace

std::string place_of(const YamlEvent& event) {
  return fmt::format("line {}, column {}", event.line, event.column);
}

Result<void> visit_yaml(std::string_view text, const std::function<Result<void>(const YamlEvent&)>& visit) {
  Parser parser(text);
  Resolver resolver(visit);
  while (true) {
    Event event;
    LEARNDOCK_CHECK(parser.next(event));
    if (event->type == YAML_STREAM_END_EVENT || event->type == YAML_NO_EVENT) return {};
    LEARNDOCK_CHECK(resolver.take(*event.get()));
  }
}

}  // namespace learndock::package
