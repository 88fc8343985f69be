#include "text/code_points.hpp"

#include "base/utf8.hpp"

namespace learndock::text {

std::u32string to_code_points(std::string_view utf8) {
  std::u32string points;
  to_code_points(utf8, points);
  return points;
}

void to_code_points(std::string_view utf8, std::u32string& points) {
  points.clear();
  points.reserve(utf8.size());
  while (!utf8.empty()) {
    const auto lead = static_cast<unsigned char>(utf8.front());
    // Most letters are ASCII, and a search decodes every name and description.
    const auto point = lead < 0x80 ? std::nullopt : take_code_point(utf8);
    points.push_back(point.value_or(lead));
    if (!point) utf8.remove_prefix(1);
  }
}

std::string to_utf8(std::u32string_view code_points) {
  std::string text;
  for (const char32_t point : code_points) append_utf8(text, point);
  return text;
}

}  // namespace learndock::text
