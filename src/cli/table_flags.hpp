#pragma once

#include "learndock/sketch/table.hpp"

#include "cli/terminal/command.hpp"

#include <string>
#include <vector>

namespace learndock::cli {

/// How a table is read, and which of its columns are features; shared by all commands that take data.
struct TableFlags {
  std::string label;
  std::vector<std::string> drop, columns;  ///< lists of names, as they were given
  bool numeric_only = false, header = false, no_header = false;
  std::string delimiter, decimal, encoding;
};

void add_table_flags(CLI::App& command, TableFlags& flags);
/// @errors usage, invalid_argument
[[nodiscard]] Result<sketch::TableOptions> table_options(const TableFlags& flags);

}  // namespace learndock::cli
