#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {

/// The user's own data, numeric. Missing cells are NaN; the reducer fills them with column means.
struct Table {
  Matrix<float> values;              ///< rows x features
  std::vector<std::string> columns;  ///< feature names; empty for .npy files
};

struct TableOptions {
  std::string label_column;                       ///< column that is no feature; "" = none
  std::size_t max_values = std::size_t{1} << 31;  ///< rows x columns
  std::size_t max_columns = 100'000;              ///< columns of a CSV header, counted while it is split
};

/// CSV (RFC 4180, a header line, "," separated; empty, NA, NaN and null cells are missing) or a .npy 2-D
/// array of floats or integers, told apart by content. @errors table_*, too_large, not_found, io
/// @cost  parsing holds at most 4 bytes for each byte of the text (a value takes a separator at least), one
/// copy
///        of the column names (4 KiB each at most) and one quoted cell: six times the text in all
[[nodiscard]] Result<Table> read_table(const std::filesystem::path& path, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_csv(std::string_view text, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_npy(std::string_view bytes, const TableOptions& options = {});

/// Upper bounds of a table's size that are known before it is parsed.
struct TableExtent {
  std::size_t values = 0, columns = 0;
};
/// @errors as parse_csv for its header @cost reads each byte once; keeps only the header
[[nodiscard]] Result<TableExtent> extent_of_csv(std::string_view text, const TableOptions& options = {});
/// @errors table_npy, table_column, table_empty, too_large
[[nodiscard]] Result<TableExtent> extent_of_npy(std::string_view bytes, const TableOptions& options = {});

class MappedFile;

/// A table whose values stay in their file where that is possible: a .npy array of 4-byte floats in C order
/// is mapped, so that it may be larger than the memory; anything else is read into memory once. The file must
/// not be cut short while it is open: the missing part reads as zeros, and `intact` reports it.
class TableFile {
 public:
  /// @errors as read_table
  [[nodiscard]] static Result<TableFile> open(const std::filesystem::path& path,
                                              const TableOptions& options = {});
  /// Valid while this object or a copy of it lives.
  [[nodiscard]] MatrixView<const float> values() const { return values_; }
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  /// Checks that the values are still the file's. Call it before you use what was computed from them. @errors
  /// io
  [[nodiscard]] Result<void> intact() const;
  [[nodiscard]] bool in_place() const { return mapping_ != nullptr; }

 private:
  TableFile() = default;
  explicit TableFile(Table table);
  static Result<TableFile> in_mapping(const std::shared_ptr<const MappedFile>& mapping,
                                      const TableOptions& options);

  std::shared_ptr<const MappedFile> mapping_;  // shared: views stay valid when the object is moved or copied
  std::shared_ptr<const Table> table_;
  MatrixView<const float> values_;
  std::vector<std::string> columns_;
};

}  // namespace learndock::sketch
