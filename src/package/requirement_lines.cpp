#include "package/requirement_lines.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "package/file_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>

namespace learndock::package {
namespace {

/// Bytes of the line break that `text` begins with; 0 for none. pip splits where Python's splitlines does, so
/// that a line may end where an editor shows none.
std::size_t line_break(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWide = {"\r\n", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (const std::string_view wide : kWide)
    if (text.starts_with(wide)) return wide.size();
  const char c = text.front();
  return (c >= '\n' && c <= '\r') || (c >= '\x1c' && c <= '\x1e') ? 1 : 0;
}

bool is_comment(std::string_view line) { return trim(line).starts_with('#'); }
bool has_comment(std::string_view line) { return without_comment(line).size() != trim(line).size(); }

/// The encoding that one of the first two lines names (PEP 263), in lower case. "?" for a name that cannot be
/// read.
std::optional<std::string> named_encoding(std::string_view bytes) {
  for (int line = 0; line < 2 && !bytes.empty(); ++line) {
    const std::string_view text = bytes.substr(0, bytes.find('\n'));
    const std::size_t word = std::min(text.find("coding:"), text.find("coding="));
    if (word != std::string_view::npos) {
      const std::string_view value = trim(text.substr(word + 7));
      const auto end = std::find_if_not(value.begin(), value.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
      });
      return end == value.begin() ? "?" : lower(std::string_view(value.begin(), end));
    }
    bytes.remove_prefix(std::min(text.size() + 1, bytes.size()));
  }
  return std::nullopt;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

/// Every byte is the code point of its number. Other one-byte encodings differ from this one only in what
/// they show for bytes beyond ASCII, which no plain line holds.
std::string from_latin1(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) append_utf8(text, static_cast<unsigned char>(byte));
  return text;
}

RequirementText unreadable(std::string doubt) { return {{}, std::move(doubt), false}; }

/// Without a byte order mark.
RequirementText decode(std::string_view bytes) {
  const std::optional<std::string> named = named_encoding(bytes);
  const bool as_utf8 =
      !named || is_one_of(*named, {"utf-8", "utf8", "utf_8", "utf-8-sig", "ascii", "us-ascii"});
  const bool as_latin1 = named && is_one_of(*named, {"latin-1", "latin1", "iso-8859-1", "iso8859-1"});
  if (!as_utf8 && !as_latin1) return unreadable(fmt::format("is in the encoding {}", *named));
  if (as_utf8 && is_utf8(bytes)) return {std::string(bytes), {}, true};
  // pip takes the encoding that is named, other installers UTF-8: bytes that are both can be two lists.
  if (as_latin1 && is_utf8(bytes) && !is_ascii(bytes)) return unreadable("says latin-1 and is UTF-8");
  const bool ascii = is_ascii(bytes);
  return {from_latin1(bytes), ascii ? "" : "is not UTF-8", true};
}

}  // namespace

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = 0; at < line.size(); ++at)
    if (line[at] == '#' && (at == 0 || is_blank(line[at - 1]))) return trim(line.substr(0, at));
  return trim(line);
}

RequirementText read_requirement_text(std::string_view bytes) {
  RequirementText read;
  if (is_marked_utf16(bytes) || bytes.starts_with(kUtf8Mark)) {
    auto text = text_of_file(bytes);
    if (!text) return unreadable("is damaged: it is not in the encoding that its first bytes announce");
    read.text = std::move(*text);
  } else {
    read = decode(bytes);
  }
  if (read.text.find('\0') != std::string::npos) return unreadable("holds NUL characters");
  return read;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = line_break(text.substr(at));
    if (bytes == 0) {
      ++at;
      continue;
    }
    lines.push_back(text.substr(begin, at - begin));
    begin = at += bytes;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

std::vector<WholeLine> whole_lines(const std::vector<std::string_view>& lines) {
  std::vector<WholeLine> whole;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    WholeLine one{i, i, std::string(lines[i])};
    // For pip a continued comment goes on in the next line, for other installers it ends. So that line is
    // checked too.
    while (one.text.ends_with('\\') && !has_comment(lines[one.last]) && one.last + 1 < lines.size()) {
      one.text.pop_back();
      const std::string_view next = lines[++one.last];
      if (is_comment(next)) one.text += ' ';
      one.text += next;
    }
    if (one.text.ends_with('\\')) one.text.pop_back();
    i = one.last;
    whole.push_back(std::move(one));
  }
  return whole;
}

}  // namespace learndock::package
