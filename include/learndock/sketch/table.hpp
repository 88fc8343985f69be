#pragma once

#include "learndock/base/result.hpp"
#include "learndock/base/warning.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/sketch/column_profile.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {

/// The user's own data, numeric. Missing cells are NaN; the reducer fills them with column means.
struct Table {
  Matrix<float> values;              ///< rows x features
  std::vector<std::string> columns;  ///< feature names; empty for .npy files
  Warnings warnings;                 ///< what the user should know of the columns and the rows
};

enum class TextEncoding : std::uint8_t { utf8, utf16_le, utf16_be, windows_1252 };

struct TableOptions {
  std::string label_column = {};          ///< column that is no feature; "" = none; "#3" is the third column
  std::vector<std::string> drop = {};     ///< further columns that are no features, by name or "#3"
  std::vector<std::string> columns = {};  ///< the features and their order; empty: all columns that are left
  bool numeric_only = false;           ///< leaves columns out that single precision cannot hold, and says so
  std::optional<char> delimiter = {};  ///< nullopt: found out
  std::optional<char> decimal = {};    ///< '.' or ','; nullopt: found out
  std::optional<TextEncoding> encoding = {};  ///< nullopt: found out
  std::optional<bool> header = {};  ///< whether the first line names the columns; nullopt: found out
  std::string source = "FILE";      ///< what messages call the file in commands to paste
  std::size_t max_values = std::size_t{1} << 31;  ///< rows x columns
  std::size_t max_columns = 100'000;              ///< columns of a CSV header, counted while it is split
  std::size_t max_unpacked_bytes = std::size_t{4} << 30;  ///< of a gzip or zstd file; 0 refuses such files
};

/// A CSV in any usual dialect (also packed by gzip or zstd), or a .npy 2-D array of numbers, told apart by
/// content. Empty, NA, NaN, null, ? and similar cells are missing. Columns that are not numbers are an
/// error that names all of them. docs/your-data.md is the user's view.
/// @errors table_*, too_large, not_found, io
/// @cost  parsing holds at most 4 bytes for each byte of the text (a value takes a separator at least), one
///        copy of the column names (4 KiB each at most) and one quoted cell, six times the text in all, and
///        512 bytes for each column; the text once more, in UTF-8, when it is not UTF-8
[[nodiscard]] Result<Table> read_table(const std::filesystem::path& path, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_csv(std::string_view text, const TableOptions& options = {});
[[nodiscard]] Result<Table> parse_npy(std::string_view bytes, const TableOptions& options = {});

/// What a file is made of, whether or not a specification can be made of it.
struct TableProfile {
  std::string format;     ///< "csv" or "npy"
  std::string encoding;   ///< of a CSV: "utf-8" and so on
  std::string delimiter;  ///< of a CSV
  std::string decimal;    ///< of a CSV
  bool header = false;
  std::size_t rows = 0;
  std::size_t profiled_rows =
      0;  ///< the first ones, of which the profiles are; less than all for a large .npy
  std::vector<ColumnProfile> columns;
  Warnings warnings;
  std::string unusable;  ///< why no specification can be made of it as it is; "" when one can
  std::string fix;       ///< how it is made usable; "" when it is
  std::string flags;     ///< the options with which one can, or which the warnings suggest; ready to paste
};
/// @errors as read_table, but for columns that are not numbers
[[nodiscard]] Result<TableProfile> profile_table(const std::filesystem::path& path,
                                                 const TableOptions& options = {});

/// Upper bounds of a table's size that are known before it is parsed.
struct TableExtent {
  std::size_t values = 0, columns = 0;
  std::size_t decoded_bytes = 0;  ///< of a copy of the text in UTF-8; 0 when the text itself is
};
/// A CSV that is read in steps, so that the memory of each step can be charged before it is taken.
class CsvSource {
 public:
  /// Looks at the bytes and takes no memory that grows with them. @pre `bytes` outlive the object
  /// @errors table_format (the bytes are another kind of file, or packed)
  [[nodiscard]] static Result<CsvSource> open(std::string_view bytes, const TableOptions& options = {});
  CsvSource(CsvSource&&) noexcept;
  CsvSource& operator=(CsvSource&&) noexcept;
  CsvSource(const CsvSource&) = delete;
  CsvSource& operator=(const CsvSource&) = delete;
  ~CsvSource();

  /// By the number of bytes alone: no table that these bytes hold is larger.
  [[nodiscard]] TableExtent bound() const;
  /// Decodes the text and reads its header. The extent is within `bound()`. @pre called once
  /// @errors as parse_csv for the encoding and the header
  [[nodiscard]] Result<TableExtent> read_header();
  /// @pre called once, after read_header() succeeded @errors as parse_csv
  [[nodiscard]] Result<Table> read_rows();

 private:
  struct State;
  explicit CsvSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;  // in one place: the text may be in it, and views into the text are
};
/// @errors table_npy, table_column, table_empty, too_large
[[nodiscard]] Result<TableExtent> extent_of_npy(std::string_view bytes, const TableOptions& options = {});

/// A list of names as on a command line: "a,b" are two, and "\"a,b\",c" too.
[[nodiscard]] Result<std::vector<std::string>> split_names(std::string_view list);
/// "comma", "semicolon", "tab", "pipe", or the character itself. @errors invalid_argument
[[nodiscard]] Result<char> delimiter_of(std::string_view name);
/// "." or ",", "point" or "comma". @errors invalid_argument
[[nodiscard]] Result<char> decimal_of(std::string_view name);
/// "utf-8", "utf-16le", "utf-16be", "latin1" or "windows-1252". @errors invalid_argument
[[nodiscard]] Result<TextEncoding> encoding_of(std::string_view name);

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
  /// Names of the features; empty for a .npy array.
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  [[nodiscard]] const Warnings& warnings() const { return warnings_; }
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
  Warnings warnings_;
};

}  // namespace learndock::sketch
