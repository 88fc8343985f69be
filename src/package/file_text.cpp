#include "package/file_text.hpp"

#include "base/utf8.hpp"

namespace learndock::package {
namespace {

constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::string_view kLittleMark = "\xff\xfe";
constexpr std::string_view kBigMark = "\xfe\xff";

/// One unit of two bytes.
char32_t unit_at(std::string_view bytes, std::size_t at, bool big) {
  const auto first = static_cast<unsigned char>(bytes[at]);
  const auto second = static_cast<unsigned char>(bytes[at + 1]);
  return big ? first * 256U + second : second * 256U + first;
}

/// Nothing for an odd byte at the end, or a surrogate that is not one of a pair.
std::optional<std::string> text_of_utf16(std::string_view bytes, bool big) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    char32_t point = unit_at(bytes, at, big);
    if (point >= 0xdc00 && point <= 0xdfff) return std::nullopt;
    if (point >= 0xd800 && point <= 0xdbff) {
      at += 2;
      const char32_t low = at < bytes.size() ? unit_at(bytes, at, big) : 0;
      if (low < 0xdc00 || low > 0xdfff) return std::nullopt;
      point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
    }
    append_utf8(text, point);
  }
  return text;
}

}  // namespace

bool is_marked_utf16(std::string_view bytes) {
  return bytes.starts_with(kLittleMark) || bytes.starts_with(kBigMark);
}

std::optional<std::string> text_of_file(std::string_view bytes) {
  if (is_marked_utf16(bytes)) return text_of_utf16(bytes.substr(2), bytes.starts_with(kBigMark));
  if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
  if (!is_utf8(bytes)) return std::nullopt;
  return std::string(bytes);
}

}  // namespace learndock::package
