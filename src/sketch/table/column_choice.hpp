#pragma once

#include "learndock/base/result.hpp"
#include "learndock/sketch/table.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {

/// Which columns are features, by the options alone.
struct ColumnChoice {
  std::vector<bool> chosen;        ///< of each column of the file
  std::vector<std::size_t> order;  ///< the columns that --columns names, in its order; else empty
};

/// @param names  of the file's columns; for a file without names, as many empty ones
/// @errors table_column (no such column, a name of two columns, no column is left)
[[nodiscard]] Result<ColumnChoice> choose_columns(std::span<const std::string> names,
                                                  const TableOptions& options);

/// Names as an option to paste: "--drop a,b". Names that an option cannot carry are positions, "#3".
[[nodiscard]] std::string option_of(std::string_view flag, std::span<const ColumnProfile* const> columns);

}  // namespace learndock::sketch
