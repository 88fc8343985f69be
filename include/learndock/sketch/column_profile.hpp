#pragma once

#include "learndock/base/json_value.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace learndock::sketch {

enum class ColumnType : std::uint8_t {
  empty,    ///< no cell has a value
  whole,    ///< whole numbers
  decimal,  ///< numbers
  date,     ///< dates or times of day, as text
  words,    ///< text
  mixed     ///< numbers, and cells that are none
};

/// What one look at all cells of a column tells.
struct ColumnProfile {
  std::string name;          ///< as the file has it; empty for a column without a name
  std::size_t position = 0;  ///< from 1, in the file
  ColumnType type = ColumnType::empty;
  std::size_t rows = 0;
  std::size_t missing = 0;      ///< empty, marked as missing, or not finite in single precision
  std::size_t not_numbers = 0;  ///< cells with a value that is no number
  std::size_t distinct = 0;     ///< different values; at least so many where `distinct_exact` is false
  bool distinct_exact = true;
  bool ascending = false;      ///< whole numbers, each larger than the one before
  bool id_like = false;        ///< by its name, or whole numbers that count the rows
  bool date_like = false;      ///< dates as text, numbers YYYYMMDD, or Unix seconds by name
  bool label_like = false;     ///< by its name, or the last column with few different values
  bool repeated_name = false;  ///< another column has the same name
  /// Of the numbers, in double precision; `spread` is their standard deviation.
  double low = std::numeric_limits<double>::infinity(), high = -low, mean = 0, spread = 0;
  /// The root mean square of what single precision changes in the numbers.
  double rounding = 0;
  bool chosen = true;        ///< a feature, as far as the options say
  std::string odd_cell;      ///< the first cell that is no number, cut
  std::size_t odd_line = 0;  ///< its line in the file

  [[nodiscard]] bool constant() const { return distinct_exact && distinct == 1; }
  [[nodiscard]] bool numeric() const { return type == ColumnType::whole || type == ColumnType::decimal; }
  [[nodiscard]] double missing_share() const {
    return rows == 0 ? 0 : static_cast<double>(missing) / static_cast<double>(rows);
  }
  /// Whether single precision changes the numbers by more than `share` of their spread, and by more than the
  /// least step that a kernel of the usual gamma sees.
  [[nodiscard]] bool loses(double share) const;
  /// Single precision changes the numbers too much for a specification.
  [[nodiscard]] bool lost() const { return numeric() && loses(1.0 / 20); }
  /// It changes them so that a specification can be made, and its maker should know.
  [[nodiscard]] bool blurred() const { return numeric() && !lost() && loses(1.0 / 200); }
};

/// "whole", "decimal" and so on.
[[nodiscard]] std::string_view name_of(ColumnType type);
[[nodiscard]] Json to_json(const ColumnProfile& column);

}  // namespace learndock::sketch
