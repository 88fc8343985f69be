#pragma once

#include "learndock/base/result.hpp"
#include "learndock/sketch/table.hpp"

#include "sketch/table/csv_cells.hpp"

#include <cstddef>
#include <string_view>

namespace learndock::sketch {

/// How a CSV text is written.
struct Dialect {
  char delimiter = ',';
  char decimal = '.';
  std::string_view text;       ///< from the header on: without a "sep=" line and comments before it
  std::size_t first_line = 1;  ///< the number of the text's first line
  std::size_t comments = 0;    ///< lines of comments that were passed over
  /// Of the first records: how many, the usual number of cells, how many have that number, and the line of
  /// the first that has it.
  std::size_t records = 0, usual_cells = 0, usual_records = 0, usual_line = 0;

  [[nodiscard]] CsvCells cells() const { return CsvCells(text, delimiter, first_line); }
};

/// Finds out what the options do not give, from the first records. It never fails: what cannot be read is
/// reported by who reads all of it.
[[nodiscard]] Dialect find_dialect(std::string_view text, const TableOptions& options);

}  // namespace learndock::sketch
