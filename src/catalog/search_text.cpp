#include "catalog/search_text.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/semantic.hpp"

#include "base/utf8.hpp"
#include "text/fold_case.hpp"

#include <algorithm>
#include <vector>

namespace learndock::catalog {
namespace {

/// SQLite's tokenizer ends a text at a NUL character. In texts and queries alike it stands as a line break,
/// which can only let more match.
std::string without_nul(std::string text) {
  std::replace(text.begin(), text.end(), '\0', '\n');
  return text;
}

Result<specification::SemanticSpecification> read_semantic(std::string_view semantic_json) {
  LEARNDOCK_TRY(Json json, parse_json(semantic_json, {.max_bytes = specification::kMaxSemanticBytes}));
  for (const char* key : {"Input", "Output"})  // not searched, and possibly long
    if (json.is_object()) json.erase(key);
  return specification::semantic_from_json(json);
}

/// The offsets at which the letters of a UTF-8 text begin, and that of its end.
std::vector<std::size_t> letters_of(std::string_view utf8) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < utf8.size(); ++i)
    if (begins_code_point(utf8[i])) begins.push_back(i);
  begins.push_back(utf8.size());
  return begins;
}

}  // namespace

std::string search_text(std::string_view name, std::string_view semantic_json) {
  std::string description;
  std::string searched(name);
  if (auto semantic = read_semantic(semantic_json)) {
    if (!semantic->name.empty()) searched = semantic->name;
    description = std::move(semantic->description);
  }
  return without_nul(text::fold_case(searched) + '\n' + text::fold_case(description));
}

std::optional<std::string> trigram_query(std::string_view folded) {
  const std::string text = without_nul(std::string(folded));
  const std::vector<std::size_t> letters = letters_of(text);
  if (letters.size() < 4) return std::nullopt;
  const std::size_t last = letters.size() - 4;
  std::string query;
  // Every third trigram and the last one hold all letters; the others would cost more than they exclude.
  for (std::size_t i = 0;; i = std::min(i + 3, last)) {
    if (i > 0) query += " AND ";
    query += '"';
    for (const char c : std::string_view(text).substr(letters[i], letters[i + 3] - letters[i])) {
      if (c == '"') query += '"';
      query += c;
    }
    query += '"';
    if (i == last) return query;
  }
}

}  // namespace learndock::catalog
