#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::spec {

/// The user's own data, numeric. Missing cells are NaN; the reducer fills them with column means.
struct Table {
  Matrix<float> values;              ///< rows x features
  std::vector<std::string> columns;  ///< feature names; empty for .npy files
};

struct TableOptions {
  std::string label_column;                       ///< left out of the features; "" = none
  std::size_t max_values = std::size_t{1} << 31;  ///< rows x columns
};

/// CSV (RFC 4180, a header line, "," separated; empty, NA, NaN and null cells are missing) or a .npy 2-D
/// array of floats or integers, told apart by content. @errors table_*, not_found, io
[[nodiscard]] Result<Table> read_table(const std::filesystem::path& path, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_csv(std::string_view text, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_npy(std::string_view bytes, const TableOptions& options = {});

}  // namespace learndock::spec
