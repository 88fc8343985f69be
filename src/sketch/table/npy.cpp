#include "sketch/table/npy.hpp"

#include "sketch/table/cell_value.hpp"
#include "sketch/table/column_choice.hpp"
#include "sketch/table/column_findings.hpp"
#include "sketch/table/column_look.hpp"
#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace learndock::sketch {
namespace {

constexpr std::size_t kMaxExtents = 32;  // as numpy

Failure bad_npy(std::string message, std::string fix = {}) {
  return fail(ErrorCode::table_npy, std::move(message), {}, std::move(fix));
}

/// One line that saves the array in another form; `@` stands for the loaded array.
std::string saved_as(std::string_view form, const TableOptions& options, std::string_view load = "") {
  std::string text;
  for (const char c : form)
    text +=
        c == '@' ? fmt::format("numpy.load({}{})", python_string(options.source), load) : std::string(1, c);
  return fmt::format("python3 -c \"import numpy; numpy.save('table.npy', {})\"", text);
}

/// The text after 'key': in the header dictionary that numpy writes.
Result<std::string_view> npy_value(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(fmt::format("'{}'", key));
  const std::size_t colon = at == std::string_view::npos ? at : header.find(':', at);
  if (colon == std::string_view::npos) return bad_npy(fmt::format("the header has no '{}'", key));
  return trimmed(header.substr(colon + 1));
}

/// '<f8' and so on: byte order, kind, width.
Result<void> read_type(std::string_view type, NpyArray& array, const TableOptions& options) {
  if (type.starts_with('['))
    return bad_npy(
        "the array has named fields",
        "make one number type of them: " +
            saved_as("__import__('numpy.lib.recfunctions').lib.recfunctions.structured_to_unstructured(@)",
                     options));
  if (type.size() < 5 || (type[0] != '\'' && type[0] != '"'))
    return bad_npy("the element type is not a plain number type");
  const std::string_view name = type.substr(1, type.find(type[0], 1) - 1);
  array.kind = name.size() > 1 ? name[1] : '\0';
  array.big_endian = name.starts_with('>');
  array.width = name.size() == 3 ? static_cast<std::size_t>(name[2] - '0') : 0;
  const bool whole = array.kind == 'i' || array.kind == 'u', power = std::has_single_bit(array.width);
  const bool known = power && ((array.kind == 'f' && array.width >= 2 && array.width <= 8) ||
                               (whole && array.width <= 8) || (array.kind == 'b' && array.width == 1));
  if (known && std::string_view("<>|=").find(name[0]) != std::string_view::npos) return {};
  const std::string_view load = array.kind == 'O' ? ", allow_pickle=True" : "";
  const std::string_view form = array.kind == 'c' ? "@.view('float64')" : "@.astype('float64')";
  return bad_npy(fmt::format("elements of the type {} are not read", name.substr(0, 20)),
                 "save them as numbers: " + saved_as(form, options, load));
}

Result<std::vector<std::size_t>> read_shape(std::string_view shape) {
  std::vector<std::size_t> extents;
  if (!shape.starts_with('(')) return bad_npy("the shape is not a tuple");
  shape.remove_prefix(1);
  while (true) {
    shape = trimmed(shape);
    if (shape.starts_with(')')) return extents;
    std::size_t extent = 0;
    const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), extent);
    if (error != std::errc() || extents.size() == kMaxExtents)
      return bad_npy("the shape is not a tuple of sizes");
    extents.push_back(extent);
    shape = trimmed(shape.substr(static_cast<std::size_t>(end - shape.data())));
    if (shape.starts_with(',')) shape.remove_prefix(1);
  }
}

Result<void> set_shape(const std::vector<std::size_t>& extents, NpyArray& array, const TableOptions& options,
                       bool any_samples) {
  if (extents.size() == 2 || (extents.size() > 2 && any_samples)) {
    array.rows = extents[0];
    array.cols = 1;
    array.sample.assign(extents.begin() + 1, extents.end());
    for (const std::size_t extent : array.sample)
      if (__builtin_mul_overflow(array.cols, extent, &array.cols))
        return bad_npy("the shape has more elements than a file can hold");
    return {};
  }
  std::string shape;
  for (const std::size_t extent : extents) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
  if (extents.size() == 1) shape += ",";
  const std::string fix =
      extents.empty() ? "save a table of rows and columns"
      : extents.size() == 1
          ? "one row for each value: " + saved_as("@.reshape(-1, 1)", options) +
                "; one row in all: reshape(1, -1)"
          : "one row for each of the first extent: " + saved_as("@.reshape(len(@), -1)", options);
  return bad_npy(
      fmt::format("the array has the shape ({}) and is not two-dimensional: a table has rows and columns",
                  shape),
      fix);
}

Result<NpyArray> parse_header(std::string_view text, const TableOptions& options, bool any_samples) {
  NpyArray array;
  LEARNDOCK_TRY(const std::string_view type, npy_value(text, "descr"));
  LEARNDOCK_CHECK(read_type(type, array, options));
  LEARNDOCK_TRY(const std::string_view order, npy_value(text, "fortran_order"));
  array.fortran_order = order.starts_with("True");
  LEARNDOCK_TRY(const std::string_view shape, npy_value(text, "shape"));
  LEARNDOCK_TRY(const std::vector<std::size_t> extents, read_shape(shape));
  LEARNDOCK_CHECK(set_shape(extents, array, options, any_samples));
  return array;
}

/// The header's text, and where the elements begin.
Result<std::pair<std::string_view, std::size_t>> header_text(std::string_view bytes) {
  if (!bytes.starts_with(kNpyMagic) || bytes.size() < 12) return bad_npy("this is not a .npy file");
  const int version = bytes[6];
  if (version < 1 || version > 3) return bad_npy(fmt::format("format version {} is not known", version));
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = 0;
  for (std::size_t i = start; i-- > 8;) length = length << 8U | static_cast<std::uint8_t>(bytes[i]);
  if (length > bytes.size() - start) return bad_npy("the header is cut short");
  return std::pair(bytes.substr(start, length), start + length);
}

/// IEEE half precision.
double half(std::uint16_t bits) {
  const int exponent = bits >> 10U & 31, mantissa = bits & 1023;
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * HUGE_VAL;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 1024, exponent - 25));
}

double signed_number(std::uint64_t bits, std::size_t width) {
  const unsigned unused = 64 - 8 * static_cast<unsigned>(width);
  return static_cast<double>(static_cast<std::int64_t>(bits << unused) >> unused);
}

std::vector<std::string> position_names(std::size_t columns) {
  std::vector<std::string> names(columns);
  for (std::size_t c = 0; c < columns; ++c) names[c] = fmt::format("#{}", c + 1);
  return names;
}

/// The features' columns in their order.
Result<std::vector<std::size_t>> columns_of(const NpyArray& array, std::vector<ColumnProfile>& profiles,
                                            const TableOptions& options) {
  std::vector<std::size_t> columns(array.cols);
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  if (!chooses(options)) return columns;
  if (array.cols > options.max_columns)
    return fail(ErrorCode::too_large, fmt::format("the array has {} columns; options choose among {} at most",
                                                  array.cols, options.max_columns));
  LEARNDOCK_TRY(const ColumnChoice choice, choose_columns(position_names(array.cols), options));
  for (ColumnProfile& profile : profiles) profile.chosen = choice.chosen[profile.position - 1];
  if (!choice.order.empty()) return choice.order;
  std::erase_if(columns, [&](std::size_t c) { return !choice.chosen[c]; });
  return columns;
}

}  // namespace

const float* NpyArray::in_place() const {
  static_assert(std::endian::native == std::endian::little);
  const bool same = kind == 'f' && width == sizeof(float) && !big_endian && (!fortran_order || cols == 1);
  if (!same || reinterpret_cast<std::uintptr_t>(data.data()) % alignof(float) != 0) return nullptr;
  return reinterpret_cast<const float*>(data.data());
}

double NpyArray::element(std::size_t row, std::size_t col) const {
  const char* at = data.data() + (fortran_order ? col * rows + row : row * cols + col) * width;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < width; ++i)
    bits = bits << 8U | static_cast<std::uint8_t>(at[big_endian ? i : width - 1 - i]);
  if (kind == 'i') return signed_number(bits, width);
  if (kind != 'f') return static_cast<double>(bits);
  if (width == 8) return std::bit_cast<double>(bits);
  return width == 4 ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))
                    : half(static_cast<std::uint16_t>(bits));
}

bool chooses(const TableOptions& options) {
  return !options.label_column.empty() || !options.drop.empty() || !options.columns.empty();
}

Result<NpyArray> npy_array(std::string_view bytes, const TableOptions& options, bool any_samples) {
  LEARNDOCK_TRY(const auto text, header_text(bytes));
  LEARNDOCK_TRY(NpyArray array, parse_header(text.first, options, any_samples));
  if (array.rows == 0 || array.cols == 0)
    return fail(ErrorCode::table_empty, "the array is empty", {}, "check that it is the right file");
  if (array.cols > options.max_values || array.rows > options.max_values / array.cols)
    return fail(ErrorCode::too_large, fmt::format("the table holds more than {} values", options.max_values),
                {}, "keep a random sample of the rows");
  array.data = bytes.substr(text.second);
  if (array.data.size() != array.rows * array.cols * array.width)
    return bad_npy(fmt::format("{} x {} elements of {} bytes do not match the {} bytes present", array.rows,
                               array.cols, array.width, array.data.size()),
                   "the file may be cut short: save it again");
  if (!options.label_column.empty() && !options.label_column.starts_with('#'))
    return fail(ErrorCode::table_column, "a .npy file has no column names, so --label cannot name one", {},
                "name it by its position, as in --label '#3'");
  return array;
}

std::vector<ColumnProfile> profiles_of(const NpyArray& array, std::size_t rows, const TableOptions& options) {
  if (array.cols > options.max_columns) return {};
  std::vector<ColumnProfile> profiles(array.cols);
  DistinctBudget budget;
  for (std::size_t c = 0; c < array.cols; ++c) {
    ColumnLook look;
    for (std::size_t r = 0; r < std::min(rows, array.rows); ++r) look.add_number(array.element(r, c), budget);
    profiles[c].name = fmt::format("#{}", c + 1);
    profiles[c].position = c + 1;
    look.finish(profiles[c]);
  }
  return profiles;
}

Result<TableExtent> extent_of_npy(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(const NpyArray array, npy_array(bytes, options));
  return TableExtent{array.rows * array.cols, array.cols, 0};
}

Result<Table> parse_npy(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(const NpyArray array, npy_array(bytes, options));
  std::vector<ColumnProfile> profiles = profiles_of(array, array.rows, options);
  LEARNDOCK_TRY(const std::vector<std::size_t> columns, columns_of(array, profiles, options));
  ColumnFindings findings = find_in_columns(profiles, options);
  if (findings.unusable) return Failure(*std::move(findings.unusable));
  Table table{Matrix<float>(array.rows, columns.size()), {}, std::move(findings.warnings)};
  for (std::size_t r = 0; r < array.rows; ++r)
    for (std::size_t i = 0; i < columns.size(); ++i)
      table.values(r, i) = static_cast<float>(array.element(r, columns[i]));
  return table;
}

}  // namespace learndock::sketch
