#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace learndock {

std::optional<char32_t> take_code_point(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  std::size_t length = 1;
  char32_t value = lead;
  if (lead >= 0x80) {
    if (lead >= 0xc2 && lead <= 0xdf)
      length = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
      length = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
      length = 4;
    else
      return std::nullopt;
    if (text.size() < length) return std::nullopt;
    value = lead & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      if (begins_code_point(text[i])) return std::nullopt;
      value = (value << 6) | (byte(i) & 0x3fu);
    }
    constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
    if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
      return std::nullopt;
  }
  text.remove_prefix(length);
  return value;
}

std::optional<std::u32string> decode_utf8(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point) return std::nullopt;
    points += *point;
  }
  return points;
}

bool is_utf8(std::string_view text) {
  while (!text.empty())
    if (!take_code_point(text)) return false;
  return true;
}

void append_utf8(std::string& out, char32_t point) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  const auto tail = [&](unsigned shift) { put(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | (point >> 6));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    tail(6);
  } else {
    put(0xf0 | (point >> 18));
    tail(12);
    tail(6);
  }
  tail(0);
}

namespace {

char32_t utf16_unit(std::string_view bytes, std::size_t at, bool big_endian) {
  const auto first = static_cast<unsigned char>(bytes[at]),
             second = static_cast<unsigned char>(bytes[at + 1]);
  return big_endian ? first * 256U + second : second * 256U + first;
}

}  // namespace

Utf16Text decode_utf16(std::string_view bytes, bool big_endian) {
  Utf16Text decoded;
  decoded.text.reserve(utf8_length_of_utf16(bytes, big_endian));
  std::size_t& at = decoded.read_bytes;
  while (at + 1 < bytes.size()) {
    char32_t point = utf16_unit(bytes, at, big_endian);
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    if (surrogate) {
      const char32_t low = at + 3 < bytes.size() ? utf16_unit(bytes, at + 2, big_endian) : 0;
      if (point >= 0xdc00 || low < 0xdc00 || low > 0xdfff) return decoded;
      point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
    }
    append_utf8(decoded.text, point);
    at += surrogate ? 4 : 2;
  }
  return decoded;
}

std::size_t utf8_length_of_utf16(std::string_view bytes, bool big_endian) {
  std::size_t length = 0;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const char32_t unit = utf16_unit(bytes, at, big_endian);
    const bool surrogate = unit >= 0xd800 && unit <= 0xdfff;  // a pair of them takes four bytes
    length += unit < 0x80 ? 1 : unit < 0x800 || surrogate ? 2 : 3;
  }
  return length;
}

bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7f && point <= 0x9f); }

bool is_bidi_control(char32_t point) {
  return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

bool is_deceptive(char32_t point) {
  return (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xfeff || point == 0x061c;
}

bool is_invisible(char32_t point) {
  // Unicode's default ignorable code points and its other format characters.
  constexpr std::array<std::pair<char32_t, char32_t>, 26> kRanges = {
      {{0xad, 0xad},       {0x34f, 0x34f},     {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},
       {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
       {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
       {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd},
       {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
       {0xfdd0, 0xfdef}}};
  return std::any_of(kRanges.begin(), kRanges.end(),
                     [&](const auto& range) { return point >= range.first && point <= range.second; });
}

namespace {

/// Spaces that look like U+0020 and are not, and characters whose look depends on the font alone.
bool looks_like_another(char32_t point) {
  const bool space = point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
                     point == 0x202f || point == 0x205f;
  return space || (point >= 0xe000 && point <= 0xf8ff) || point >= 0xf0000;
}

}  // namespace

bool is_plain_name(std::string_view text) {
  while (!text.empty()) {
    const auto point = take_code_point(text);
    if (!point || is_control(*point) || is_invisible(*point) || looks_like_another(*point)) return false;
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    if (text.starts_with("\r\n")) text.remove_prefix(1);
    const auto point = take_code_point(text);
    if (!point || (is_control(*point) && *point != '\n' && *point != '\t')) return false;
  }
  return true;
}

std::string printable(std::string_view bytes, std::size_t max_shown) {
  std::string out;
  while (!bytes.empty()) {
    if (out.size() >= max_shown) return out + "...";
    std::string_view rest = bytes;
    const auto point = take_code_point(rest);
    const bool shown = point && !is_control(*point) && !is_deceptive(*point) && !is_invisible(*point);
    const std::size_t taken = shown ? bytes.size() - rest.size() : 1;
    if (shown)
      out += bytes.substr(0, taken);
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    bytes.remove_prefix(taken);
  }
  return out;
}

}  // namespace learndock
