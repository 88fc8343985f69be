#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace learndock::sketch {

enum class CellKind : std::uint8_t { missing, number, date, words };

struct CellValue {
  CellKind kind = CellKind::missing;
  double number = 0;  ///< NaN for a number beyond double precision
};

/// Empty, NA, NaN, null, ? and the other marks that programs write for a missing value.
[[nodiscard]] bool is_missing(std::string_view cell);
/// @param decimal  '.' or ','
[[nodiscard]] std::optional<double> parse_number(std::string_view cell, char decimal = '.');
/// Digits with separators as in 2024-05-01, 1/5/24, 2024-05-01T10:00:00Z and 18.00.00.
[[nodiscard]] bool is_date(std::string_view cell);
[[nodiscard]] CellValue value_of(std::string_view cell, char decimal);

}  // namespace learndock::sketch
