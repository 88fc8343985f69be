#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace learndock::sketch {

/// Splits CSV text (RFC 4180, with any delimiter) into records and cells, one at a time, so that memory does
/// not grow with their number; quoted cells may hold delimiters, quotes and line breaks.
class CsvCells {
 public:
  /// @param first_line  the number of the text's first line, for messages
  explicit CsvCells(std::string_view text, char delimiter = ',', std::size_t first_line = 1);

  /// From here on an empty line between others is a record of one missing cell: a table of one column.
  void keep_blank_lines() { keep_blank_ = true; }
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
  /// The lines that were skipped although others follow: their number, and the first of them.
  [[nodiscard]] std::size_t blank_lines() const { return blank_lines_; }
  [[nodiscard]] std::size_t first_blank_line() const { return first_blank_line_; }
  /// How many bytes of the text were read.
  [[nodiscard]] std::size_t read_bytes() const { return at_; }

 private:
  [[nodiscard]] Result<std::string_view> quoted();
  [[nodiscard]] Result<void> end_cell();
  [[nodiscard]] bool ends_line(std::size_t at) const;
  [[nodiscard]] std::size_t after_blanks(std::size_t at) const;
  void skip_line_break();

  std::string_view text_;
  char delimiter_;
  bool keep_blank_ = false, more_ = false, begun_ = false;
  std::size_t at_ = 0, line_ = 1, first_line_ = 1;
  std::size_t content_end_ = 0;  // behind the last line that is not blank
  std::size_t blank_lines_ = 0, first_blank_line_ = 0;
  std::string unescaped_;
};

}  // namespace learndock::sketch
