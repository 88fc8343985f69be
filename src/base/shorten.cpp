#include "base/shorten.hpp"

#include "learndock/base/json.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock {
namespace {

constexpr std::size_t kQuoteBytes = 200;
constexpr std::size_t kMessageBytes = 800;
constexpr std::size_t kWhereBytes = 300;
constexpr std::size_t kFixBytes = 600;
constexpr std::size_t kWarningsBytes = 5000;

/// The length of the first character of `text`, and its length in a JSON text.
struct Character {
  std::size_t bytes;
  std::size_t cost;
};

Character first_of(std::string_view text) {
  constexpr std::size_t kEscape = 6;    // \uXXXX
  constexpr Character kReplaced{1, 3};  // U+FFFD stands for what is not UTF-8
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x20) return {1, kEscape};
  if (lead < 0x80) return {1, lead == '"' || lead == '\\' ? std::size_t{2} : std::size_t{1}};
  std::string_view rest = text;
  if (!take_code_point(rest)) return kReplaced;
  const std::size_t bytes = text.size() - rest.size();
  return {bytes, bytes};
}

std::size_t cost_of(std::string_view text) {
  std::size_t cost = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    cost += next.cost;
    text.remove_prefix(next.bytes);
  }
  return cost;
}

/// Cuts the texts between quotation marks, which mostly come from an input; the marks are kept. A text that
/// is still too long is cut afterwards.
std::string with_short_quotes(std::string_view text) {
  std::string out;
  for (bool quoted = false; out.size() <= kMessageBytes; quoted = !quoted) {
    const std::size_t mark = std::min(text.find('"'), text.size());
    const std::string_view stretch = text.substr(0, mark);
    out += quoted ? shortened(stretch, kQuoteBytes) : std::string(stretch);
    if (mark == text.size()) return out;
    out += '"';
    text.remove_prefix(mark + 1);
  }
  return out;
}

void shorten(std::string& text, std::size_t limit) {
  const std::size_t before = text.size();
  std::string quotes_cut = with_short_quotes(text);
  text = shortened(quotes_cut, limit);
  // One note of a length is enough: that of the whole text.
  if (text.size() < quotes_cut.size() && quotes_cut.size() != before)
    text = text.substr(0, text.rfind(" (")) + fmt::format(" ({} bytes)", before);
}

/// Cuts each warning's text, and makes one of those beyond the limit.
template <class List, class TextOf>
void shorten_list(List& warnings, TextOf text_of) {
  std::size_t spent = 0;
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    shorten(text_of(warnings[i]), kMessageBytes);
    spent += cost_of(text_of(warnings[i]));
    if (spent <= kWarningsBytes) continue;
    const std::size_t left_out = warnings.size() - i;
    warnings.resize(i + 1);
    warnings[i] = {};
    text_of(warnings[i]) =
        fmt::format("{} more warning{} left out", left_out, left_out == 1 ? " is" : "s are");
    return;
  }
}

void shorten_fact(Json& fact) {
  if (fact.is_string())
    fact = shortened(fact.get_ref<const std::string&>(), kQuoteBytes);
  else if (fact.is_structured())  // a number's only element is itself
    for (Json& inner : fact) shorten_fact(inner);
}

}  // namespace

std::string shortened(std::string_view text, std::size_t limit) {
  std::size_t spent = 0;
  std::size_t kept = 0;
  while (kept < text.size()) {
    const Character next = first_of(text.substr(kept));
    if (spent + next.cost > limit) break;
    spent += next.cost;
    kept += next.bytes;
  }
  if (kept == text.size()) return std::string(text);
  return fmt::format("{}... ({} bytes)", text.substr(0, kept), text.size());
}

Error shortened(Error error) {
  shorten(error.message, kMessageBytes);
  shorten(error.where, kWhereBytes);
  shorten(error.fix, kFixBytes);
  return error;
}

std::string shortened_sentence(std::string text) {
  shorten(text, kMessageBytes);
  return text;
}

std::vector<std::string> shortened(std::vector<std::string> warnings) {
  shorten_list(warnings, [](std::string& warning) -> std::string& { return warning; });
  return warnings;
}

Warnings shortened(Warnings warnings) {
  for (Warning& warning : warnings) {
    Json facts = *warning.facts;
    shorten_fact(facts);
    if (to_text(facts).size() > kMessageBytes) facts = Json::object();
    warning.facts = std::move(facts);
  }
  shorten_list(warnings, [](Warning& warning) -> std::string& { return warning.message; });
  return warnings;
}

}  // namespace learndock
