#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace learndock::sketch {

/// Splits CSV text (RFC 4180) into records and cells, one at a time, so that memory does not grow with their
/// number; quoted cells may hold commas, quotes and line breaks.
class CsvCells {
 public:
  explicit CsvCells(std::string_view text);

  /// Goes to the first cell of the next record; false at the end of the text. Blank lines are skipped.
  /// @pre the record before was read to its end
  [[nodiscard]] bool next_record();
  /// Whether the record has a cell that was not read.
  [[nodiscard]] bool more() const { return more_; }
  /// The next cell of the record. The view is valid until the next call; only a cell with quotes inside
  /// quotes is copied. @pre more() @errors table_syntax
  [[nodiscard]] Result<std::string_view> cell();
  /// The line on which the record begins, from 1.
  [[nodiscard]] std::size_t line() const { return first_line_; }

 private:
  [[nodiscard]] Result<std::string_view> quoted();
  [[nodiscard]] Result<void> end_cell();
  [[nodiscard]] bool ends_line(std::size_t at) const;
  void skip_line_break();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t first_line_ = 1;
  bool more_ = false;
  std::string unescaped_;
};

}  // namespace learndock::sketch
