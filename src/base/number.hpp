#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace learndock {

/// A positive finite number and nothing else, in the form that JSON has too.
[[nodiscard]] inline std::optional<double> positive_number(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number > 0 && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace learndock
