#include "base/shorten.hpp"

#include "learndock/base/json.hpp"

#include "base/number.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace learndock {
namespace {

constexpr std::size_t kQuoteBytes = 200;
constexpr std::size_t kMessageBytes = 800;
constexpr std::size_t kWhereBytes = 300;
constexpr std::size_t kFixBytes = 600;
constexpr std::size_t kMostDigits = 20;  // of a length

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

/// What stands before the note "... (N bytes)" at the end of a text; nothing where there is none.
std::optional<std::string_view> before_note(std::string_view text) {
  constexpr std::string_view kBegin = "... (", kEnd = " bytes)";
  if (!text.ends_with(kEnd)) return std::nullopt;
  text.remove_suffix(kEnd.size());
  const std::size_t digits = text.size() - text.find_last_not_of("0123456789") - 1;
  text.remove_suffix(digits);
  if (digits == 0 || digits > kMostDigits || !text.ends_with(kBegin)) return std::nullopt;
  return text.substr(0, text.size() - kBegin.size());
}

/// Cuts the texts between two quotation marks, which mostly come from an input; the marks are kept. A text
/// that is still too long is cut afterwards, and then its last quote may have no end and stays as it is.
std::string with_short_quotes(std::string_view text) {
  std::string out;
  for (bool quoted = false; out.size() <= kMessageBytes; quoted = !quoted) {
    const std::size_t mark = std::min(text.find('"'), text.size());
    const std::string_view stretch = text.substr(0, mark);
    out += quoted && mark < text.size() ? shortened(stretch, kQuoteBytes) : std::string(stretch);
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

std::string left_out(std::size_t count) {
  return fmt::format("{} more warning{} left out", count, count == 1 ? " is" : "s are");
}

bool says_left_out(const std::string& text) {
  const auto count = whole_number<std::size_t>(std::string_view(text).substr(0, text.find(' ')));
  return count && text == left_out(*count);
}

/// Cuts each warning's text, and makes one of those beyond the limit. Returns the bytes of those that are
/// left.
template <class List, class TextOf>
std::size_t shorten_list(List& warnings, std::size_t limit, TextOf text_of) {
  std::size_t spent = 0;
  for (std::size_t i = 0; i < warnings.size(); ++i) {
    if (i + 1 == warnings.size() && says_left_out(text_of(warnings[i]))) return spent;
    shorten(text_of(warnings[i]), kMessageBytes);
    const std::size_t cost = cost_of(text_of(warnings[i]));
    if (spent + cost > limit) {
      const std::size_t count = warnings.size() - i;
      warnings.resize(i + 1);
      warnings[i] = {};
      text_of(warnings[i]) = left_out(count);
      return spent;
    }
    spent += cost;
  }
  return spent;
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
  if (const auto before = before_note(text); before && before->size() <= kept) return std::string(text);
  return fmt::format("{}... ({} bytes)", text.substr(0, kept), text.size());
}

Error shortened(Error error) {
  shorten(error.message, kMessageBytes);
  shorten(error.where, kWhereBytes);
  // A fix may be a command with quoted words, which must stay whole to be pasted.
  error.fix = shortened(error.fix, kFixBytes);
  return error;
}

std::string shortened_sentence(std::string text) {
  shorten(text, kMessageBytes);
  return text;
}

std::vector<std::string> shortened(std::vector<std::string> warnings) {
  shorten_list(warnings, kWarningsBytes, [](std::string& warning) -> std::string& { return warning; });
  return warnings;
}

Warnings shortened(Warnings warnings, std::size_t limit) {
  std::size_t spent =
      shorten_list(warnings, limit, [](Warning& warning) -> std::string& { return warning.message; });
  for (Warning& warning : warnings) {
    if (warning.facts->empty()) continue;
    Json facts = *warning.facts;
    shorten_fact(facts);
    const std::size_t cost = to_text(facts).size();
    if (cost > kMessageBytes || spent + cost > limit)
      facts = Json::object();
    else
      spent += cost;
    warning.facts = std::move(facts);
  }
  return warnings;
}

}  // namespace learndock
