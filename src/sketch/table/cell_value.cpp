#include "sketch/table/cell_value.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <limits>
#include <set>

namespace learndock::sketch {
namespace {

constexpr double kBeyond = std::numeric_limits<double>::quiet_NaN();
/// A longer cell with a decimal comma is no number.
constexpr std::size_t kLongestNumber = 64;

std::optional<double> parse_point(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  // Beyond double is beyond any use: missing, like the infinity it would become. Underflow is zero.
  if (error == std::errc::result_out_of_range) {
    const bool tiny = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    return tiny ? 0.0 : kBeyond;
  }
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

bool is_missing(std::string_view cell) {
  static const std::set<std::string_view> names = {"",     "NA",   "N/A", "NaN",  "nan",  "null",
                                                   "NULL", "None", "?",   "#N/A", "<NA>", "n/a"};
  const std::string_view text = trim(cell);
  return text.size() <= 4 && names.contains(text);
}

std::optional<double> parse_number(std::string_view cell, char decimal) {
  const std::string_view text = trim(cell);
  if (decimal == '.') return parse_point(text);
  if (text.size() > kLongestNumber || text.find('.') != std::string_view::npos) return std::nullopt;
  std::array<char, kLongestNumber> point{};
  std::replace_copy(text.begin(), text.end(), point.begin(), ',', '.');
  return parse_point({point.data(), text.size()});
}

bool is_date(std::string_view cell) {
  const std::string_view text = trim(cell);
  if (text.size() < 5 || text.size() > 40 || !is_digit(text.front())) return false;
  std::size_t groups = 0, separators = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = is_digit(text[i]);
    if (digit && (i == 0 || !is_digit(text[i - 1]))) ++groups;
    if (!digit && std::string_view("-/:. TZ+").find(text[i]) == std::string_view::npos) return false;
    separators += std::string_view("-/:.").find(text[i]) != std::string_view::npos ? 1 : 0;
  }
  const bool clock = groups == 2 && separators == 1 && text.find(':') != std::string_view::npos;
  return clock || (groups >= 3 && separators >= 2);
}

CellValue value_of(std::string_view cell, char decimal) {
  if (is_missing(cell)) return {};
  if (const auto number = parse_number(cell, decimal)) return {CellKind::number, *number};
  return {is_date(cell) ? CellKind::date : CellKind::words, 0};
}

}  // namespace learndock::sketch
