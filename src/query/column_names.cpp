#include "query/column_names.hpp"

#include "text/fold_case.hpp"
#include "text/unicode.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

namespace learndock::query {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
/// A description of more words is a sentence and no name.
constexpr std::ptrdiff_t kMostWords = 4;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<std::uint8_t>(c) >= 0x80;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::ptrdiff_t words_in(std::string_view text) {
  std::ptrdiff_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!is_blank(text[i]) && (i == 0 || is_blank(text[i - 1]))) ++words;
  return words;
}

/// Whether descriptions look like names of columns: short, and each with a head of its own.
bool are_names(std::span<const std::string_view> texts) {
  std::set<std::string> heads;
  for (const std::string_view text : texts) {
    const std::ptrdiff_t words = words_in(head_of_name(text));
    if (words < 1 || words > kMostWords) return false;
    heads.insert(key_of_name(head_of_name(text)));
  }
  return heads.size() == texts.size();
}

/// The descriptions of all inputs; nothing when one is missing, or when two are the same.
std::vector<std::string_view> texts_of(const specification::FeatureDescription& inputs) {
  std::vector<std::string_view> texts;
  if (inputs.dimension == 0 || inputs.description.size() != inputs.dimension) return texts;
  std::set<std::string> keys;
  for (const auto& [index, text] : inputs.description) {
    texts.emplace_back(text);
    keys.insert(key_of_name(text));
  }
  if (keys.size() != texts.size() || keys.contains("")) texts.clear();
  return texts;
}

/// The places are all different, so they are an order of the columns.
bool are_distinct(std::vector<std::size_t> places) {
  std::erase(places, kNowhere);
  std::sort(places.begin(), places.end());
  return std::adjacent_find(places.begin(), places.end()) == places.end();
}

}  // namespace

std::string key_of_name(std::string_view name) {
  const std::string lower = text::fold_case(text::to_nfc(name).value_or(std::string(name)));
  std::string spelled;
  for (const char c : lower) spelled += c == '/' ? std::string(" per ") : std::string(1, c);
  std::string key;
  bool pending = false;
  for (const char c : spelled) {
    pending = pending || !is_word(c);
    if (!is_word(c)) continue;
    if (pending && !key.empty()) key += ' ';
    pending = false;
    key += c;
  }
  return key;
}

std::string_view head_of_name(std::string_view name) { return name.substr(0, name.find_first_of(",;:([=")); }

ColumnNames::ColumnNames(std::span<const std::string> names) : count_(names.size()) {
  for (std::size_t place = 0; place < names.size(); ++place) {
    const std::string_view name = names[place];
    const auto add = [&](auto& places, std::string_view text) {
      const auto [found, fresh] = places.emplace(key_of_name(text), place);
      if (!fresh) found->second = kNowhere;
    };
    add(places_[0], name);
    add(places_[1], head_of_name(name));
    usable_ = usable_ || name.find_first_not_of("#0123456789") != std::string_view::npos;
  }
}

std::vector<std::size_t> ColumnNames::places_of(std::span<const std::string_view> texts) const {
  std::vector<std::size_t> places(texts.size(), kNowhere);
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (const std::string& key : {key_of_name(texts[i]), key_of_name(head_of_name(texts[i]))})
      for (const auto& among : places_) {
        const auto found = among.find(key);
        if (places[i] == kNowhere && !key.empty() && found != among.end()) places[i] = found->second;
      }
  if (!are_distinct(places)) std::fill(places.begin(), places.end(), kNowhere);
  return places;
}

ColumnComparison ColumnNames::compare(const specification::FeatureDescription& inputs) const {
  ColumnComparison result;
  if (!usable_ || inputs.dimension != count_) return result;
  const std::vector<std::string_view> texts = texts_of(inputs);
  if (texts.empty()) return result;
  result.order = places_of(texts);
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (result.order[i] == kNowhere) result.missing.emplace_back(head_of_name(texts[i]));
  if (result.missing.empty()) {
    const bool same = std::is_sorted(result.order.begin(), result.order.end());
    result.match = same ? ColumnMatch::in_order : ColumnMatch::reordered;
  } else if (2 * result.missing.size() <= texts.size() || are_names(texts)) {
    result.match = ColumnMatch::other;
  }
  if (result.match != ColumnMatch::reordered) result.order.clear();
  return result;
}

}  // namespace learndock::query
