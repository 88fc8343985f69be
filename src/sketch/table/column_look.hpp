#pragma once

#include "learndock/sketch/column_profile.hpp"

#include "sketch/table/cell_value.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {

/// Different values that all columns of a table remember together, so that a hostile table takes no more.
struct DistinctBudget {
  std::size_t left = std::size_t{1} << 20;
};

/// Looks at the cells of one column, one after the other.
class ColumnLook {
 public:
  /// @param cell  the text, for the first cell that is no number
  void add(const CellValue& value, std::string_view cell, std::size_t line, DistinctBudget& budget);
  void add_number(double number, DistinctBudget& budget);
  /// Fills in all that does not depend on other columns. @pre `column` has name and position
  void finish(ColumnProfile& column) const;

 private:
  void count_distinct(std::uint32_t hash, DistinctBudget& budget);

  std::size_t rows_ = 0, missing_ = 0, numbers_ = 0, dates_ = 0, words_ = 0;
  double mean_ = 0, squares_ = 0, low_ = 0, high_ = 0, last_ = 0, rounding_ = 0;
  bool whole_ = true, ascending_ = true, calendar_ = true, distinct_exact_ = true;
  std::vector<std::uint32_t> distinct_;  // hashes, sorted; few
  std::string odd_cell_;
  std::size_t odd_line_ = 0;
};

/// "label", "target", "class" and their like.
[[nodiscard]] bool names_a_label(std::string_view name);

/// Fills in what needs the other columns: repeated names, and the last column as a label.
void compare_columns(std::span<ColumnProfile> columns);

}  // namespace learndock::sketch
