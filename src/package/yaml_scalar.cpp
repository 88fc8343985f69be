#include "package/yaml_scalar.hpp"

#include "learndock/base/json.hpp"

#include "base/number.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>

namespace learndock::package {
namespace {

constexpr std::string_view kDecimal = "0123456789";
constexpr std::string_view kDecimalAnd = "0123456789_";

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool digits_from(std::string_view text, std::string_view first) {
  return all_of(text, kDecimalAnd) && first.find(text.front()) != std::string_view::npos;
}

Failure out_of_range(std::string_view text) {
  return fail(ErrorCode::package_yaml, fmt::format("the number {} is out of range", printable(text)), {},
              "put it in quotes if it is meant as text");
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

/// The `:`-separated base-60 digits after the first one: ([0-5]?[0-9])+
bool is_sixties(std::string_view text) {
  while (true) {
    const auto end = text.find(':');
    const std::string_view digit = text.substr(0, end);
    if (!all_of(digit, kDecimal) || digit.size() > 2 || (digit.size() == 2 && digit.front() > '5'))
      return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

std::optional<Json> integer(bool negative, std::string_view digits, int base) {
  const auto value = whole_number<std::uint64_t>(digits, base);
  if (!value) return std::nullopt;
  if (!negative) return Json(*value);
  constexpr std::uint64_t kLowest = std::uint64_t{1} << 63;
  if (*value > kLowest) return std::nullopt;
  return Json(static_cast<std::int64_t>(~*value + 1));
}

/// Base 60, "190:20:30"; the last digit may have a fraction.
std::optional<double> sexagesimal(std::string_view text) {
  double total = 0;
  while (true) {
    const auto colon = text.find(':');
    const std::string digit = without_underscores(text.substr(0, colon));
    double value = 0;
    if (std::from_chars(digit.data(), digit.data() + digit.size(), value).ec != std::errc{})
      return std::nullopt;
    total = total * 60 + value;
    if (colon == std::string_view::npos) return total;
    text.remove_prefix(colon + 1);
  }
}

enum class Shape { text, binary, octal, decimal, hexadecimal, sixties, sixties_float, real };

/// ... [eE] [-+] [0-9]+ at the end, or nothing there.
bool is_fraction(std::string_view text) {
  if (const auto mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    const std::string_view exponent = text.substr(mark + 1);
    if (exponent.size() < 2 || (exponent[0] != '-' && exponent[0] != '+')) return false;
    if (!all_of(exponent.substr(1), kDecimal)) return false;
    text = text.substr(0, mark);
  }
  return text.empty() || all_of(text, kDecimalAnd);
}

/// The sign has been taken off `text`.
Shape shape_of(std::string_view text, bool sign) {
  if (text == "0") return Shape::decimal;
  if (text.starts_with("0b")) return all_of(text.substr(2), "01_") ? Shape::binary : Shape::text;
  if (text.starts_with("0x"))
    return all_of(text.substr(2), "0123456789abcdefABCDEF_") ? Shape::hexadecimal : Shape::text;
  if (text.starts_with('0') && all_of(text.substr(1), "01234567_")) return Shape::octal;
  if (digits_from(text, "123456789")) return Shape::decimal;
  const auto colon = text.find(':');
  const auto dot = text.find('.');
  if (colon != std::string_view::npos) {
    const std::string_view rest =
        text.substr(colon + 1, dot == std::string_view::npos ? dot : dot - colon - 1);
    if ((dot != std::string_view::npos && dot < colon) || !is_sixties(rest)) return Shape::text;
    if (dot == std::string_view::npos)
      return digits_from(text.substr(0, colon), "123456789") ? Shape::sixties : Shape::text;
    const std::string_view fraction = text.substr(dot + 1);
    const bool fits =
        digits_from(text.substr(0, colon), kDecimal) && (fraction.empty() || all_of(fraction, kDecimalAnd));
    return fits ? Shape::sixties_float : Shape::text;
  }
  if (dot == std::string_view::npos) return Shape::text;
  const std::string_view fraction = text.substr(dot + 1);
  if (!is_fraction(fraction)) return Shape::text;
  if (dot > 0) return digits_from(text.substr(0, dot), kDecimal) ? Shape::real : Shape::text;
  // Without digits before the point there must be some behind it, and no sign.
  return !sign && !fraction.empty() && kDecimal.find(fraction.front()) != std::string_view::npos
             ? Shape::real
             : Shape::text;
}

std::optional<Json> real(bool negative, std::string_view text) {
  const std::string digits = without_underscores(text);
  double value = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (status != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value))
    return std::nullopt;
  return Json(negative ? -value : value);
}

std::optional<Json> base_60(bool negative, std::string_view text, bool whole) {
  const auto value = sexagesimal(text);
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it doubles skip whole numbers
  if (!value || !(*value < kExact)) return std::nullopt;
  const double with_sign = negative ? -*value : *value;
  if (!whole) return Json(with_sign);
  return with_sign < 0 ? Json(static_cast<std::int64_t>(with_sign))
                       : Json(static_cast<std::uint64_t>(with_sign));
}

std::optional<Json> number(Shape shape, bool negative, std::string_view text) {
  switch (shape) {
    case Shape::binary:
      return integer(negative, without_underscores(text.substr(2)), 2);
    case Shape::octal:
      return integer(negative, without_underscores(text), 8);
    case Shape::decimal:
      return integer(negative, without_underscores(text), 10);
    case Shape::hexadecimal:
      return integer(negative, without_underscores(text.substr(2)), 16);
    case Shape::sixties:
      return base_60(negative, text, true);
    case Shape::sixties_float:
      return base_60(negative, text, false);
    case Shape::real:
      return real(negative, text);
    case Shape::text:
      break;
  }
  return std::nullopt;
}

}  // namespace

Result<Json> plain_scalar(std::string_view text) {
  if (text.empty() || one_of(text, {"~", "null", "Null", "NULL"})) return Json(nullptr);
  if (one_of(text, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return Json(true);
  if (one_of(text, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return Json(false);
  const bool sign = text.starts_with('-') || text.starts_with('+');
  const std::string_view magnitude = text.substr(sign ? 1 : 0);
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (one_of(magnitude, {".inf", ".Inf", ".INF"}))
    return Json(text.starts_with('-') ? -kInfinite : kInfinite);
  if (one_of(text, {".nan", ".NaN", ".NAN"})) return Json(std::numeric_limits<double>::quiet_NaN());
  const Shape shape = magnitude.empty() ? Shape::text : shape_of(magnitude, sign);
  if (shape == Shape::text) return Json(text);
  const auto value = number(shape, text.starts_with('-'), magnitude);
  if (!value) return out_of_range(text);
  return *value;
}

}  // namespace learndock::package
