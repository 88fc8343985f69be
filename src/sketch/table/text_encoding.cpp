#include "sketch/table/text_encoding.hpp"

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace learndock::sketch {
namespace {

/// What windows-1252 has at 0x80 to 0x9F; the rest is Latin-1. Unused places keep their number.
constexpr std::array<char16_t, 32> kWindows = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

bool is_utf16(TextEncoding encoding) {
  return encoding == TextEncoding::utf16_le || encoding == TextEncoding::utf16_be;
}

/// UTF-16 without a mark: every other byte of the first characters is zero.
std::optional<TextEncoding> by_zeros(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, std::min<std::size_t>(bytes.size(), 64) / 2 * 2);
  std::size_t even = 0, odd = 0;
  for (std::size_t i = 0; i < head.size(); ++i) (i % 2 == 0 ? even : odd) += head[i] == '\0' ? 1 : 0;
  if (head.size() < 4 || std::min(even, odd) > 0) return std::nullopt;
  if (odd * 4 >= head.size()) return TextEncoding::utf16_le;
  if (even * 4 >= head.size()) return TextEncoding::utf16_be;
  return std::nullopt;
}

TextEncoding encoding_by_bytes(std::string_view bytes) {
  if (bytes.starts_with(kUtf16LittleMark)) return TextEncoding::utf16_le;
  if (bytes.starts_with(kUtf16BigMark)) return TextEncoding::utf16_be;
  return by_zeros(bytes).value_or(TextEncoding::utf8);
}

Failure no_text(TextEncoding encoding, std::size_t at, std::string fix) {
  return fail(ErrorCode::table_encoding, fmt::format("the bytes are no text in {}", name_of(encoding)),
              fmt::format("byte {}", at), std::move(fix));
}

Result<std::string> from_utf16(std::string_view bytes, TextEncoding encoding) {
  Utf16Text decoded = decode_utf16(bytes, encoding == TextEncoding::utf16_be);
  std::size_t end = 0;  // a table has no NUL
  while (end < decoded.read_bytes && (bytes[end] != '\0' || bytes[end + 1] != '\0')) end += 2;
  if (end == bytes.size()) return std::move(decoded.text);
  return no_text(encoding, end, "save the table as UTF-8, or name its encoding with --encoding");
}

std::string from_windows(std::string_view bytes) {
  std::string text;
  text.reserve(decoded_bytes(bytes, TextEncoding::windows_1252));
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    append_utf8(text, byte >= 0x80 && byte < 0xA0 ? kWindows[byte - 0x80U] : char32_t{byte});
  }
  return text;
}

/// Where the bytes stop being UTF-8 text; their number when they do not.
std::size_t end_of_utf8(std::string_view bytes) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto ascii = std::find_if(rest.begin(), rest.end(), [](char c) { return c <= 0; });  // or zero
    rest.remove_prefix(static_cast<std::size_t>(ascii - rest.begin()));
    if (rest.empty() || rest.front() == '\0') break;
    const std::string_view before = rest;
    if (!take_code_point(rest)) return bytes.size() - before.size();
  }
  return bytes.size() - rest.size();
}

}  // namespace

std::string_view name_of(TextEncoding encoding) {
  switch (encoding) {
    case TextEncoding::utf8:
      return "utf-8";
    case TextEncoding::utf16_le:
      return "utf-16le";
    case TextEncoding::utf16_be:
      return "utf-16be";
    case TextEncoding::windows_1252:
      return "windows-1252";
  }
  return "utf-8";
}

std::size_t decoded_bytes(std::string_view bytes, std::optional<TextEncoding> given) {
  const TextEncoding encoding = given.value_or(encoding_by_bytes(bytes));
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  std::size_t size = 0;
  if (encoding == TextEncoding::windows_1252)
    for (std::size_t i = 0; i < bytes.size(); ++i) size += byte(i) < 0x80 ? 1 : byte(i) < 0xA0 ? 3 : 2;
  return is_utf16(encoding) ? utf8_length_of_utf16(bytes, encoding == TextEncoding::utf16_be) : size;
}

Result<DecodedText> decode(std::string_view bytes, std::optional<TextEncoding> given,
                           std::string_view source) {
  const TextEncoding encoding = given.value_or(encoding_by_bytes(bytes));
  DecodedText out;
  out.encoding = encoding;
  if (is_utf16(encoding)) {
    if (bytes.starts_with(encoding == TextEncoding::utf16_be ? kUtf16BigMark : kUtf16LittleMark))
      bytes.remove_prefix(2);
    LEARNDOCK_TRY(out.copy, from_utf16(bytes, encoding));
    return out;
  }
  if (encoding == TextEncoding::windows_1252) {
    out.copy = from_windows(bytes);
    return out;
  }
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  const std::size_t end = end_of_utf8(bytes);
  if (end < bytes.size() && bytes[end] == '\0')
    return no_text(encoding, end, "give a table as text (CSV) or as a .npy array");
  if (end < bytes.size())
    return no_text(encoding, end,
                   fmt::format("name the encoding: --encoding latin1 for most older files of Western "
                               "Europe; or convert it: iconv -f GB18030 -t UTF-8 {} > utf8.csv",
                               file_word(source)));
  out.in_place = bytes;
  return out;
}

Result<TextEncoding> encoding_of(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (c != '-' && c != '_' && c != ' ') plain += lower(c);
  if (plain == "utf8" || plain == "utf8sig") return TextEncoding::utf8;
  if (plain == "utf16" || plain == "utf16le") return TextEncoding::utf16_le;
  if (plain == "utf16be") return TextEncoding::utf16_be;
  for (const char* latin : {"latin1", "iso88591", "iso885915", "windows1252", "cp1252"})
    if (plain == latin) return TextEncoding::windows_1252;
  return fail(ErrorCode::invalid_argument, fmt::format("the encoding \"{}\" is not read", name.substr(0, 40)),
              {}, "utf-8, utf-16le, utf-16be, latin1 and windows-1252 are read; convert others with iconv");
}

}  // namespace learndock::sketch
