#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/sketch/table.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace learndock::sketch {

/// A table that is read some rows at a time, so that it may be larger than the memory: a CSV in UTF-8, or a
/// .npy array of numbers without options that choose among its columns. Anything else is read into memory
/// once. What the columns are is decided by the first rows; a cell beyond them that is not of its column is
/// an error.
class TableBlocks {
 public:
  class Source;
  /// @errors as read_table
  [[nodiscard]] static Result<TableBlocks> open(const std::filesystem::path& path,
                                                const TableOptions& options = {});
  ~TableBlocks();
  TableBlocks(TableBlocks&&) noexcept;
  TableBlocks& operator=(TableBlocks&&) noexcept;

  /// The next rows, `most` at most; a matrix of no rows at the end. Missing cells are NaN. @errors table_*,
  /// io
  [[nodiscard]] Result<Matrix<float>> next(std::size_t most);
  /// The extents of one row: one number for a table, more for a .npy array of images. `next` has them flat.
  [[nodiscard]] const std::vector<std::size_t>& sample() const;
  [[nodiscard]] const std::vector<std::string>& columns() const;  ///< as those of `Table`
  [[nodiscard]] const Warnings& warnings() const;
  /// The number of all rows; nothing for a CSV that is read in pieces.
  [[nodiscard]] std::optional<std::size_t> rows() const;
  /// The part of the input that was read, 0 to 1.
  [[nodiscard]] double done() const;

 private:
  explicit TableBlocks(std::unique_ptr<Source> source);
  std::unique_ptr<Source> source_;
};

}  // namespace learndock::sketch
