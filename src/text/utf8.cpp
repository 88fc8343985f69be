#include "text/utf8.hpp"

namespace learndock::text {

std::u32string to_code_points(std::string_view utf8) {
  std::u32string points;
  to_code_points(utf8, points);
  return points;
}

void to_code_points(std::string_view utf8, std::u32string& points) {
  points.clear();
  points.reserve(utf8.size());
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    char32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    std::size_t read = 1;
    for (; read < length && i + read < utf8.size(); ++read) {
      const auto byte = static_cast<unsigned char>(utf8[i + read]);
      if ((byte & 0xC0) != 0x80) break;
      point = (point << 6) | (byte & 0x3FU);
    }
    points.push_back(read == length ? point : lead);
    i += read == length ? length : 1;
  }
}

std::string to_utf8(std::u32string_view code_points) {
  std::string text;
  const auto put = [&](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  for (const char32_t point : code_points) {
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xC0 | (point >> 6));
      put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
      put(0xE0 | (point >> 12));
      put(0x80 | ((point >> 6) & 0x3F));
      put(0x80 | (point & 0x3F));
    } else {
      put(0xF0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3F));
      put(0x80 | ((point >> 6) & 0x3F));
      put(0x80 | (point & 0x3F));
    }
  }
  return text;
}

}  // namespace learndock::text
