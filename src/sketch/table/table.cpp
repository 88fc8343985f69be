#include "learndock/sketch/table.hpp"

#include "io/file.hpp"
#include "sketch/table/csv_cells.hpp"
#include "sketch/table/mapped_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

namespace learndock::sketch {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::size_t kMaxColumnNameBytes = 4096;  // of one column's name

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<float> parse_number(std::string_view cell) {
  std::string_view text = trimmed(cell);
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  // Beyond double is beyond any use: missing, like the infinity it would become. Underflow is zero.
  if (error == std::errc::result_out_of_range)
    return text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos ? 0.0F
                                                                                                  : kMissing;
  if (error != std::errc()) return std::nullopt;
  return static_cast<float>(value);
}

bool is_missing(std::string_view cell) {
  static const std::set<std::string_view> names = {"",     "NA",   "N/A",  "NaN", "nan",
                                                   "null", "NULL", "None", "?"};
  return names.contains(trimmed(cell));
}

/// A header of plain data would silently cost the first row. Numbers are a header only as programs write them
/// for columns without names: 0, 1, 2, ... or 1, 2, 3, ...
bool looks_like_data(const std::vector<std::string>& header) {
  std::set<float> seen;
  for (const std::string& cell : header) {
    const auto number = parse_number(cell);
    if (!number) return false;
    if (*number != std::floor(*number) || *number < 0 || !seen.insert(*number).second) return true;
  }
  const auto counts_from = [&](std::size_t first) {
    for (std::size_t i = 0; i < header.size(); ++i)
      if (header[i] != std::to_string(first + i)) return false;
    return true;
  };
  return !counts_from(0) && !counts_from(1);
}

struct Header {
  std::vector<std::string> names;
  std::optional<std::size_t> label;  ///< left out of the features
  [[nodiscard]] std::size_t features() const { return names.size() - (label ? 1 : 0); }
};

/// The first names as text, each cut: a header may be as long as a file.
std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 20, kShownBytes = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, names.size()); ++i)
    text += (i > 0 ? ", " : "") + names[i].substr(0, kShownBytes);
  return names.size() > kNamed ? fmt::format("{}, ... ({} in all)", text, names.size()) : text;
}

Result<std::optional<std::size_t>> label_index(const std::vector<std::string>& header,
                                               const std::string& label) {
  if (label.empty()) return std::nullopt;
  const auto found = std::find(header.begin(), header.end(), label);
  if (found == header.end())
    return fail(ErrorCode::table_column, fmt::format("there is no column \"{}\"", label.substr(0, 200)),
                "line 1", "the columns are: " + first_names(header));
  return static_cast<std::size_t>(found - header.begin());
}

Result<Header> read_header(CsvCells& cells, const TableOptions& options) {
  Header header;
  if (!cells.next_record()) return fail(ErrorCode::table_empty, "the file is empty");
  while (cells.more()) {
    if (header.names.size() == options.max_columns)
      return fail(ErrorCode::too_large,
                  fmt::format("the header names more than {} columns", options.max_columns), "line 1",
                  "keep the columns that the model reads");
    LEARNDOCK_TRY(std::string_view name, cells.cell());
    name = trimmed(name);
    if (name.size() > kMaxColumnNameBytes)
      return fail(ErrorCode::table_column,
                  fmt::format("the name of column {} has {} bytes, the limit is {}", header.names.size() + 1,
                              name.size(), kMaxColumnNameBytes),
                  "line 1");
    header.names.emplace_back(name);
  }
  if (looks_like_data(header.names))
    return fail(ErrorCode::table_syntax, "the first line is not a header: it holds numbers", "line 1",
                "add a first line that names the columns");
  LEARNDOCK_TRY(header.label, label_index(header.names, options.label_column));
  if (header.features() == 0)
    return fail(ErrorCode::table_column, "no feature column is left beside the label", "line 1");
  return header;
}

/// Appends one record's numbers to `values`. A wrong number of cells is reported first: a cell that is no
/// number often belongs to another column.
Result<void> read_row(CsvCells& cells, const Header& header, std::vector<float>& values) {
  std::optional<std::size_t> bad;
  std::string bad_cell;
  std::size_t column = 0;
  for (; cells.more(); ++column) {
    LEARNDOCK_TRY(const std::string_view cell, cells.cell());
    if (bad || column >= header.names.size() || column == header.label) continue;
    if (const auto number = is_missing(cell) ? kMissing : parse_number(cell)) {
      values.push_back(*number);
    } else {
      bad = column;
      bad_cell = cell.substr(0, 40);
    }
  }
  if (column != header.names.size())
    return fail(ErrorCode::table_syntax,
                fmt::format("{} cells, the header has {}", column, header.names.size()),
                fmt::format("line {}", cells.line()));
  if (!bad) return {};
  return fail(ErrorCode::table_cell, fmt::format("\"{}\" is not a number", bad_cell),
              fmt::format("line {}, column \"{}\"", cells.line(), header.names[*bad].substr(0, 200)),
              "encode it as a number, leave the cell empty, or name the column with --label to leave it out");
}

/// The most values that the text can have. This much memory is taken at once, so that growing copies nothing.
std::size_t most_values(std::string_view text, std::size_t columns, const TableOptions& options) {
  const auto breaks = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  return std::min({options.max_values, text.size() + 1, (breaks + 1) * columns});
}

// --- .npy ---

Failure bad_npy(std::string message) { return fail(ErrorCode::table_npy, std::move(message)); }

/// The text after 'key': in the header dictionary that numpy writes.
Result<std::string_view> npy_value(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}'", key));
  const std::size_t colon = at == std::string_view::npos ? at : header.find(':', at);
  if (colon == std::string_view::npos) return bad_npy(fmt::format("the header has no '{}'", key));
  return trimmed(header.substr(colon + 1));
}

struct NpyHeader {
  char kind = 0;
  std::size_t width = 0;
  bool fortran_order = false;
  std::size_t rows = 0, cols = 0;
};

Result<NpyHeader> parse_npy_header(std::string_view text) {
  NpyHeader header;
  LEARNDOCK_TRY(const std::string_view type, npy_value(text, "descr"));
  // '<f8' and so on: byte order, kind, width.
  if (type.size() < 5 || (type[0] != '\'' && type[0] != '"') || type[4] != type[0])
    return bad_npy("the element type is not a plain number type");
  header.kind = type[2];
  header.width = static_cast<std::size_t>(type[3] - '0');
  const bool known = (header.kind == 'f' && (header.width == 4 || header.width == 8)) ||
                     ((header.kind == 'i' || header.kind == 'u') &&
                      (header.width == 1 || header.width == 2 || header.width == 4 || header.width == 8));
  if (!known || (type[1] != '<' && type[1] != '|' && type[1] != '='))
    return bad_npy(fmt::format("elements of type {} are not read", type.substr(0, 5)));
  LEARNDOCK_TRY(const std::string_view order, npy_value(text, "fortran_order"));
  header.fortran_order = order.starts_with("True");
  LEARNDOCK_TRY(std::string_view shape, npy_value(text, "shape"));
  std::size_t extents[2] = {0, 0};
  if (!shape.starts_with('(')) return bad_npy("the shape is not a tuple");
  shape.remove_prefix(1);
  for (std::size_t i = 0; i < 2; ++i) {
    shape = trimmed(shape);
    const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), extents[i]);
    if (error != std::errc()) return bad_npy("the array is not two-dimensional");
    shape = trimmed(shape.substr(static_cast<std::size_t>(end - shape.data())));
    if (i == 0 && !shape.starts_with(',')) return bad_npy("the array is not two-dimensional");
    if (i == 0) shape.remove_prefix(1);
  }
  if (!shape.starts_with(')') && !shape.starts_with(",)")) return bad_npy("the array is not two-dimensional");
  header.rows = extents[0];
  header.cols = extents[1];
  return header;
}

template <class T>
float element(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<float>(value);
}

using ElementReader = float (*)(const char*);

ElementReader element_reader(const NpyHeader& header) {
  static_assert(std::endian::native == std::endian::little);
  switch (header.kind) {
    case 'f':
      return header.width == 4 ? element<float> : element<double>;
    case 'i':
      return header.width == 1   ? element<std::int8_t>
             : header.width == 2 ? element<std::int16_t>
             : header.width == 4 ? element<std::int32_t>
                                 : element<std::int64_t>;
    default:
      return header.width == 1   ? element<std::uint8_t>
             : header.width == 2 ? element<std::uint16_t>
             : header.width == 4 ? element<std::uint32_t>
                                 : element<std::uint64_t>;
  }
}

struct NpyLayout {
  NpyHeader header;
  std::string_view data;
};

Result<NpyLayout> npy_layout(std::string_view bytes, const TableOptions& options) {
  if (!bytes.starts_with(kNpyMagic) || bytes.size() < 12) return bad_npy("this is not a .npy file");
  if (!options.label_column.empty())
    return fail(ErrorCode::table_column, "a .npy file has no column names, so --label cannot name one", {},
                "leave the label column out of the array");
  const int version = bytes[6];
  std::size_t length = 0, start = 0;
  if (version == 1) {
    std::uint16_t short_length;
    std::memcpy(&short_length, bytes.data() + 8, sizeof short_length);
    length = short_length;
    start = 10;
  } else if (version == 2 || version == 3) {
    std::uint32_t long_length;
    std::memcpy(&long_length, bytes.data() + 8, sizeof long_length);
    length = long_length;
    start = 12;
  } else {
    return bad_npy(fmt::format("format version {} is not known", version));
  }
  if (length > bytes.size() - start) return bad_npy("the header is cut short");
  LEARNDOCK_TRY(const NpyHeader header, parse_npy_header(bytes.substr(start, length)));
  if (header.rows == 0 || header.cols == 0) return fail(ErrorCode::table_empty, "the array is empty");
  if (header.cols > options.max_values || header.rows > options.max_values / header.cols)
    return fail(ErrorCode::too_large, fmt::format("the table holds more than {} values", options.max_values));
  const std::string_view data = bytes.substr(start + length);
  if (data.size() != header.rows * header.cols * header.width)
    return bad_npy(fmt::format("{} x {} elements of {} bytes do not match the {} bytes present", header.rows,
                               header.cols, header.width, data.size()));
  return NpyLayout{header, data};
}

/// The elements in place, when they are stored as a table's values are; else null.
const float* values_in_place(const NpyLayout& layout) {
  const bool same = layout.header.kind == 'f' && layout.header.width == sizeof(float) &&
                    (!layout.header.fortran_order || layout.header.cols == 1);
  if (!same || reinterpret_cast<std::uintptr_t>(layout.data.data()) % alignof(float) != 0) return nullptr;
  return reinterpret_cast<const float*>(layout.data.data());
}

Table copied(const NpyLayout& layout) {
  const auto& [header, data] = layout;
  Table table{Matrix<float>(header.rows, header.cols), {}};
  const ElementReader read = element_reader(header);
  for (std::size_t r = 0; r < header.rows; ++r)
    for (std::size_t c = 0; c < header.cols; ++c) {
      const std::size_t index = header.fortran_order ? c * header.rows + r : r * header.cols + c;
      table.values(r, c) = read(data.data() + index * header.width);
    }
  return table;
}

}  // namespace

Result<TableExtent> extent_of_csv(std::string_view text, const TableOptions& options) {
  CsvCells cells(text);
  LEARNDOCK_TRY(const Header header, read_header(cells, options));
  return TableExtent{most_values(text, header.features(), options), header.features()};
}

Result<TableExtent> extent_of_npy(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(const NpyLayout layout, npy_layout(bytes, options));
  return TableExtent{layout.header.rows * layout.header.cols, layout.header.cols};
}

Result<Table> parse_csv(std::string_view text, const TableOptions& options) {
  CsvCells cells(text);
  LEARNDOCK_TRY(Header header, read_header(cells, options));
  const std::size_t features = header.features();
  std::vector<float> values;
  values.reserve(most_values(text, features, options));
  std::size_t rows = 0;
  for (; cells.next_record(); ++rows) {
    if (values.size() + features > options.max_values)
      return fail(ErrorCode::too_large,
                  fmt::format("the table holds more than {} values", options.max_values));
    LEARNDOCK_CHECK(read_row(cells, header, values));
  }
  if (rows == 0) return fail(ErrorCode::table_empty, "the file has a header but no rows");
  if (header.label) header.names.erase(header.names.begin() + static_cast<std::ptrdiff_t>(*header.label));
  return Table{Matrix<float>(rows, features, std::move(values)), std::move(header.names)};
}

Result<Table> parse_npy(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(const NpyLayout layout, npy_layout(bytes, options));
  return copied(layout);
}

Result<Table> read_table(const std::filesystem::path& path, const TableOptions& options) {
  LEARNDOCK_TRY(const std::string bytes, io::read_file(path, std::size_t{16} << 30));
  auto table = bytes.starts_with(kNpyMagic) ? parse_npy(bytes, options) : parse_csv(bytes, options);
  if (!table) return pass_on(std::move(table).error(), path.string());
  return table;
}

TableFile::TableFile(Table table)
    : table_(std::make_shared<const Table>(std::move(table))),
      values_(table_->values.view()),
      columns_(table_->columns) {}

Result<TableFile> TableFile::open(const std::filesystem::path& path, const TableOptions& options) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) {  // a pipe cannot be mapped
    LEARNDOCK_TRY(Table table, read_table(path, options));
    return TableFile(std::move(table));
  }
  LEARNDOCK_TRY(const std::shared_ptr<const MappedFile> mapping, MappedFile::open(path));
  auto table = in_mapping(mapping, options);
  if (auto intact = mapping->intact(); !intact) return pass_on(std::move(intact).error(), path.string());
  if (!table) return pass_on(std::move(table).error(), path.string());
  return table;
}

Result<void> TableFile::intact() const { return mapping_ ? mapping_->intact() : Result<void>(); }

Result<TableFile> TableFile::in_mapping(const std::shared_ptr<const MappedFile>& mapping,
                                        const TableOptions& options) {
  const std::string_view bytes = mapping->bytes();
  if (!bytes.starts_with(kNpyMagic)) {
    LEARNDOCK_TRY(Table table, parse_csv(bytes, options));
    return TableFile(std::move(table));
  }
  LEARNDOCK_TRY(const NpyLayout layout, npy_layout(bytes, options));
  const float* const values = values_in_place(layout);
  if (values == nullptr) return TableFile(copied(layout));
  TableFile file;
  file.mapping_ = mapping;
  file.values_ = {values, layout.header.rows, layout.header.cols};
  return file;
}

}  // namespace learndock::sketch
