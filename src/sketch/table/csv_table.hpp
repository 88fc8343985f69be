#pragma once

#include "learndock/base/result.hpp"
#include "learndock/sketch/table.hpp"

#include "sketch/table/column_choice.hpp"
#include "sketch/table/dialect.hpp"
#include "sketch/table/header.hpp"
#include "sketch/table/text_encoding.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace learndock::sketch {

/// What is read of a CSV before its rows. It holds views into the text.
struct CsvHead {
  Dialect dialect;
  Header header;
  ColumnChoice choice;
};

/// A CSV read as columns: a profile of each, and the numbers of those that the options choose.
struct CsvColumns {
  Dialect dialect;
  bool header = true;
  std::vector<ColumnProfile> columns;
  ColumnChoice choice;
  std::vector<float> values;  ///< rows x chosen columns, in the file's order
  std::size_t rows = 0;
  Warnings warnings;  ///< of lines and of the header
};

/// @errors table_format (the bytes are another kind of file, or packed)
[[nodiscard]] Result<void> check_is_text(std::string_view bytes, const TableOptions& options);
/// @param text  in UTF-8
/// @errors table_syntax, table_empty, table_column, too_large
[[nodiscard]] Result<CsvHead> read_csv_head(std::string_view text, const TableOptions& options);
/// @errors as read_csv_head
[[nodiscard]] Result<CsvColumns> read_csv_columns(CsvHead head, const TableOptions& options);
/// @errors those of `find_in_columns`
[[nodiscard]] Result<Table> features_of(CsvColumns read, const TableOptions& options);

}  // namespace learndock::sketch
