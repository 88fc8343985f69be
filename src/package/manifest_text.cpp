#include "package/manifest_text.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/kinds.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "package/file_text.hpp"
#include "package/layout.hpp"
#include "package/yaml_events.hpp"
#include "package/yaml_scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace learndock::package {
namespace {

/// A value with the spelling of its scalars. Nesting is bounded by what read_manifest takes.
struct Node {
  YamlKind kind = YamlKind::scalar;
  std::string text;               // of a scalar
  bool plain = false;             // the scalar was written without quotes
  std::vector<std::string> keys;  // of a mapping; those of `children`
  std::vector<Node> children;     // of a sequence or a mapping

  [[nodiscard]] bool is_null() const { return kind == YamlKind::scalar && plain && means_null(text); }
  /// The value of a key; null if there is none.
  [[nodiscard]] Node* find(std::string_view key) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    return found == keys.end() ? nullptr : &children[static_cast<std::size_t>(found - keys.begin())];
  }
  void remove(std::string_view key) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) return;
    children.erase(children.begin() + (found - keys.begin()));
    keys.erase(found);
  }
  void add(std::string key, Node value) {
    keys.push_back(std::move(key));
    children.push_back(std::move(value));
  }

 private:
  static bool means_null(std::string_view text) {
    const auto value = plain_scalar(text);
    return value && value->is_null();
  }
};

Node text_node(std::string_view text) { return {YamlKind::scalar, std::string(text), false, {}, {}}; }
Node empty_mapping() { return {YamlKind::mapping, {}, false, {}, {}}; }

/// Builds a node from events.
class TreeBuilder {
 public:
  Result<void> take(const YamlEvent& event) {
    if (event.kind == YamlKind::end) {
      close();
    } else if (wants_key_) {
      open_.back().keys.push_back(event.text);
      wants_key_ = false;
    } else {
      Node node{event.kind, event.text, event.plain, {}, {}};
      if (event.kind == YamlKind::scalar)
        place(std::move(node));
      else
        open_.push_back(std::move(node));
      wants_key_ = !open_.empty() && open_.back().kind == YamlKind::mapping;
    }
    return {};
  }
  Node result() { return std::move(root_); }

 private:
  void close() {
    Node done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done));
    wants_key_ = !open_.empty() && open_.back().kind == YamlKind::mapping;
  }
  void place(Node node) {
    if (open_.empty())
      root_ = std::move(node);
    else
      open_.back().children.push_back(std::move(node));
  }

  Node root_ = empty_mapping();
  std::vector<Node> open_;
  bool wants_key_ = false;
};

Result<Node> tree_of(std::string_view yaml) {
  const auto text = text_of_file(yaml);
  if (!text) return fail(ErrorCode::package_yaml, "the file is not UTF-8");
  TreeBuilder builder;
  LEARNDOCK_CHECK(visit_yaml(*text, [&](const YamlEvent& event) { return builder.take(event); }));
  Node root = builder.result();
  if (root.is_null()) root = empty_mapping();
  return root;
}

/// A quoted scalar. Characters that YAML readers refuse, or take for line breaks, are written as escapes.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  while (const auto point = take_code_point(text)) {
    const char32_t c = *point;
    if (c == U'"' || c == U'\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == U'\n') {
      out += "\\n";
    } else if (c == U'\t') {
      out += "\\t";
    } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
      out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(c));
    } else if (c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      append_utf8(out, c);
    }
  }
  return out + "\"";
}

bool is_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter(c) || is_digit(c) || more.find(c) != std::string_view::npos;
  });
}

/// Whether text means the same with quotes and without.
bool is_word(std::string_view text) {
  if (text.empty() || text.size() > 128 || !(is_letter(text.front()) || text.front() == '_')) return false;
  if (!is_of(text, "_./-")) return false;
  const auto value = plain_scalar(text);
  return value && value->is_string();
}

/// A plain scalar keeps its spelling where that is safe: numbers, and dates, which this program takes for
/// text and Python does not.
std::string scalar_text(const Node& node) {
  if (is_word(node.text)) return node.text;
  if (!node.plain) return in_quotes(node.text);
  if (node.text.empty()) return "null";
  const auto value = plain_scalar(node.text);
  const bool date = is_digit(node.text.front()) && is_of(node.text, ":.+- ");
  return date || (value && !value->is_string()) ? node.text : in_quotes(node.text);
}

std::string key_text(const std::string& key) { return is_word(key) ? key : in_quotes(key); }

/// Readers look no further for the colon after a key than 1,024 characters, unless "?" comes before it.
bool is_long(std::string_view key) {
  constexpr std::size_t kMostInLine = 128;
  return key.size() > kMostInLine;
}

/// On one line, which takes no indentation and so cannot become much longer than what was read.
void append_flow(std::string& out, const Node& node) {
  if (node.kind == YamlKind::scalar) {
    out += scalar_text(node);
    return;
  }
  const bool mapping = node.kind == YamlKind::mapping;
  out += mapping ? '{' : '[';
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ", ";
    if (mapping) {
      const std::string key = key_text(node.keys[i]);
      out += is_long(key) ? "? " + key + " : " : key + ": ";
    }
    append_flow(out, node.children[i]);
  }
  out += mapping ? '}' : ']';
}

bool has_structure(const Node& node) {
  return std::any_of(node.children.begin(), node.children.end(),
                     [](const Node& child) { return child.kind != YamlKind::scalar; });
}

/// Appends a value after its key or dash, and the line break. Mappings, and sequences of more than scalars,
/// take a line for each member down to some depth.
void append_value(std::string& out, const Node& node, std::size_t depth) {
  constexpr std::size_t kMostDepth = 3;
  const bool mapping = node.kind == YamlKind::mapping;
  const bool in_lines = !node.children.empty() && depth < kMostDepth && (mapping || has_structure(node));
  if (!in_lines) {
    out += ' ';
    append_flow(out, node);
    out += '\n';
    return;
  }
  if (depth > 0) out += '\n';
  const std::string indent(2 * depth, ' ');
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string key = mapping ? key_text(node.keys[i]) : "";
    if (is_long(key)) out += fmt::format("{}? {}\n", indent, key);
    out += indent + (!mapping ? "-" : is_long(key) ? ":" : key + ":");
    append_value(out, node.children[i], depth + 1);
  }
}

void add_missing(Node& mapping, const char* key, Node value) {
  Node* there = mapping.find(key);
  if (there == nullptr)
    mapping.add(key, std::move(value));
  else if (there->is_null())
    *there = std::move(value);
}

/// The reference asks for every key of an entry, and its current release for the list.
void write_out_specifications(Node& root) {
  Node entry = empty_mapping();
  Node list{YamlKind::sequence, {}, false, {}, {}};
  list.children.push_back(std::move(entry));
  add_missing(root, "stat_specifications", std::move(list));
  for (Node& one : root.find("stat_specifications")->children) {
    add_missing(one, "module_path", text_node("learnware.specification"));
    add_missing(one, "class_name", text_node(specification::Kind()->name()));
    add_missing(one, "file_name", text_node("stat_spec.json"));
    add_missing(one, "kwargs", empty_mapping());
  }
}

}  // namespace

Result<std::string> manifest_for_dock(std::string_view yaml, std::string_view id, std::size_t max_bytes) {
  LEARNDOCK_TRY(Node root, tree_of(yaml));
  write_out_specifications(root);
  root.remove("semantic_specification");
  Node semantic = empty_mapping();
  semantic.add("file_name", text_node(kSemanticFile));
  root.add("semantic_specification", std::move(semantic));
  root.remove("id");
  if (!id.empty()) root.add("id", text_node(id));
  std::string out;
  append_value(out, root, 0);
  if (out.size() <= max_bytes) return out;
  return fail(ErrorCode::package_yaml_size,
              fmt::format("written out, the file has {} bytes, the limit is {}", out.size(), max_bytes));
}

Result<std::string> id_in_manifest(std::string_view yaml) {
  LEARNDOCK_TRY(Node root, tree_of(yaml));
  const Node* id = root.find("id");
  return id != nullptr && id->kind == YamlKind::scalar ? id->text : std::string();
}

}  // namespace learndock::package
