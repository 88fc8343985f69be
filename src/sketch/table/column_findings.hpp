#pragma once

#include "learndock/base/error.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/sketch/table.hpp"

#include <optional>
#include <span>
#include <string>

namespace learndock::sketch {

/// What the profiles of a table's columns say to its user.
struct ColumnFindings {
  std::optional<Error> unusable;  ///< names all features that no specification can be made of
  Warnings warnings;
  std::string flags;  ///< the options that mend both; "" when there is nothing to mend
};

/// The rows that profiles were made of. The first ones alone do not show that a column is of no use: the rest
/// may have values.
enum class Rows { all, first };

[[nodiscard]] ColumnFindings find_in_columns(std::span<const ColumnProfile> columns,
                                             const TableOptions& options, Rows rows = Rows::all);

/// Leaves columns out that hold nothing at all: no name and no value, and with `numeric_only` what cannot be
/// read as numbers in single precision.
[[nodiscard]] Warnings leave_out_unread(std::span<ColumnProfile> columns, const TableOptions& options);

}  // namespace learndock::sketch
