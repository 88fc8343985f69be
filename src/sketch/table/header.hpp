#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"

#include "sketch/table/csv_cells.hpp"
#include "sketch/table/dialect.hpp"

#include <string>
#include <vector>

namespace learndock::sketch {

struct Header {
  std::vector<std::string> names;  ///< "#1", "#2", ... where the file has none
  bool in_file = true;
  CsvCells rows;  ///< stands before the first row of values
  Warnings warnings;
};

/// Reads the first record and decides by all its cells, and by those below them, whether it names the
/// columns. @errors table_syntax (it does not, or that cannot be told), table_empty, table_column, too_large
[[nodiscard]] Result<Header> read_header(const Dialect& dialect, const TableOptions& options);

}  // namespace learndock::sketch
