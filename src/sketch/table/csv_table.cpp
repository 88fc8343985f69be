#include "sketch/table/csv_table.hpp"

#include "learndock/base/json.hpp"

#include "sketch/table/cell_value.hpp"
#include "sketch/table/column_findings.hpp"
#include "sketch/table/column_look.hpp"
#include "sketch/table/foreign_format.hpp"
#include "sketch/table/header.hpp"
#include "sketch/table/unpack.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace learndock::sketch {
namespace {

constexpr std::size_t kShownLines = 8;
constexpr float kMissingValue = std::numeric_limits<float>::quiet_NaN();

/// Lines that something is the matter with: how many, and the first ones.
struct LineList {
  std::size_t count = 0;
  std::vector<std::size_t> first;

  void add(std::size_t line) {
    if (count++ < kShownLines) first.push_back(line);
  }
  [[nodiscard]] std::string text() const {
    const std::string lines = fmt::format("{} {}", count == 1 ? "line" : "lines", fmt::join(first, ", "));
    return count > first.size() ? fmt::format("{} and {} more", lines, count - first.size()) : lines;
  }
  /// The command that leaves the lines out; empty when there are too many.
  [[nodiscard]] std::string without_them(const TableOptions& options) const {
    if (count > first.size()) return {};
    return fmt::format("sed '{}d' {} > table.csv", fmt::join(first, "d;"), file_word(options.source));
  }
};

/// The most values that the text can have. This much memory is taken at once, so that growing copies nothing.
std::size_t most_values(std::string_view text, std::size_t columns, const TableOptions& options) {
  const auto breaks = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  return std::min({options.max_values, text.size() + 1, (breaks + 1) * columns});
}

/// Reads the rows of one table.
class RowReader {
 public:
  RowReader(CsvColumns& into, CsvCells rows, const TableOptions& options)
      : into_(into), rows_(std::move(rows)), options_(options), looks_(into.columns.size()) {}

  Result<void> read() {
    const auto chosen =
        static_cast<std::size_t>(std::count(into_.choice.chosen.begin(), into_.choice.chosen.end(), true));
    into_.values.reserve(most_values(into_.dialect.text, chosen, options_));
    while (rows_.next_record()) {
      if (into_.values.size() + chosen > options_.max_values)
        return fail(ErrorCode::too_large,
                    fmt::format("the table holds more than {} values", options_.max_values), {},
                    "keep a random sample of the rows, or the columns that the model reads");
      LEARNDOCK_CHECK(read_row());
    }
    if (ragged_.count > 0) return ragged();
    if (into_.rows == 0)
      return fail(ErrorCode::table_empty, "the file has a header but no rows", {},
                  "check that it is the right file");
    warn();
    for (std::size_t c = 0; c < looks_.size(); ++c) looks_[c].finish(into_.columns[c]);
    return {};
  }

 private:
  /// Appends one record's numbers. A record of another length is noted and not kept.
  Result<void> read_row() {
    const std::size_t begin = into_.values.size(), width = into_.columns.size();
    std::size_t column = 0, found = 0;
    for (; rows_.more(); ++column) {
      LEARNDOCK_TRY(const std::string_view cell, rows_.cell());
      if (column >= width) continue;
      const CellValue value = value_of(cell, into_.dialect.decimal);
      looks_[column].add(value, cell, rows_.line(), distinct_);
      found += value.kind == CellKind::missing ? 0 : 1;
      if (into_.choice.chosen[column])
        into_.values.push_back(value.kind == CellKind::number ? static_cast<float>(value.number)
                                                              : kMissingValue);
    }
    if (column != width) {
      if (ragged_.count == 0) ragged_cells_ = column;
      ragged_.add(rows_.line());
      into_.values.resize(begin);
      return {};
    }
    ++into_.rows;
    if (found == 0 && width > 1) empty_.add(rows_.line());
    return {};
  }

  /// Rows of another length, each cell of which may belong to another column.
  [[nodiscard]] Failure ragged() const {
    const std::string cure = ragged_.without_them(options_);
    std::string fix = "put cells that hold the delimiter in quotes";
    if (!cure.empty())
      fix += "; or leave the " + std::string(ragged_.count == 1 ? "line" : "lines") + " out: " + cure;
    const std::string message = fmt::format("{} cells, the {} has {}", ragged_cells_,
                                            into_.header ? "header" : "first row", into_.columns.size());
    if (ragged_.count == 1) return fail(ErrorCode::table_syntax, message, ragged_.text(), fix);
    return fail(ErrorCode::table_syntax,
                fmt::format("{} rows have another number of cells than the {}; the first: {}", ragged_.count,
                            into_.header ? "header" : "first row", message),
                ragged_.text(), fix);
  }

  void warn() {
    const std::size_t blank = rows_.blank_lines();
    if (blank > 0)
      into_.warnings.push_back(
          {WarningCode::lines_skipped,
           fmt::format("{} blank {} between rows {} no rows; the first is line {}", blank,
                       blank == 1 ? "line" : "lines", blank == 1 ? "is" : "are", rows_.first_blank_line()),
           Json{{"count", blank}, {"line", rows_.first_blank_line()}}});
    if (empty_.count > 0)
      into_.warnings.push_back(
          {WarningCode::rows_empty,
           fmt::format("{} {} no value at all ({}); the columns' means are taken for them", empty_.count,
                       empty_.count == 1 ? "row has" : "rows have", empty_.text()),
           Json{{"count", empty_.count}, {"line", empty_.first.front()}}});
  }

  CsvColumns& into_;
  CsvCells rows_;
  const TableOptions& options_;
  std::vector<ColumnLook> looks_;
  DistinctBudget distinct_;
  LineList ragged_, empty_;
  std::size_t ragged_cells_ = 0;
};

/// Of the columns that hold values, those that are still features, in their order.
std::vector<std::size_t> places_of_features(const CsvColumns& read) {
  std::vector<std::size_t> place(read.columns.size()), places;
  for (std::size_t c = 0, next = 0; c < place.size(); ++c)
    if (read.choice.chosen[c]) place[c] = next++;
  if (!read.choice.order.empty()) {
    for (const std::size_t c : read.choice.order)
      if (read.columns[c].chosen) places.push_back(place[c]);
    return places;
  }
  for (std::size_t c = 0; c < place.size(); ++c)
    if (read.columns[c].chosen) places.push_back(place[c]);
  return places;
}

/// Keeps the values at `places` of each row of `width`, in place.
void keep_places(std::vector<float>& values, std::size_t rows, std::size_t width,
                 const std::vector<std::size_t>& places) {
  std::vector<float> row(places.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < places.size(); ++i) row[i] = values[r * width + places[i]];
    std::copy(row.begin(), row.end(), values.begin() + static_cast<std::ptrdiff_t>(r * places.size()));
  }
  values.resize(rows * places.size());
}

std::vector<std::string> names_of_features(CsvColumns& read) {
  std::vector<std::string> names;
  if (!read.choice.order.empty()) {
    for (const std::size_t c : read.choice.order)
      if (read.columns[c].chosen) names.push_back(std::move(read.columns[c].name));
    return names;
  }
  for (ColumnProfile& column : read.columns)
    if (column.chosen) names.push_back(std::move(column.name));
  return names;
}

}  // namespace

struct CsvSource::State {
  std::string_view bytes;
  TableOptions options;
  DecodedText decoded = {};
  std::optional<CsvHead> head = {};
};

CsvSource::CsvSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
CsvSource::CsvSource(CsvSource&&) noexcept = default;
CsvSource& CsvSource::operator=(CsvSource&&) noexcept = default;
CsvSource::~CsvSource() = default;

Result<CsvSource> CsvSource::open(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_CHECK(check_is_text(bytes, options));
  return CsvSource(std::make_unique<State>(State{bytes, options}));
}

TableExtent CsvSource::bound() const {
  const std::size_t copy = decoded_bytes(state_->bytes, state_->options.encoding);
  const std::size_t text = std::max(copy, state_->bytes.size());
  // A value takes a separator at least, and a column too: the table may be one line without a header.
  return {std::min(state_->options.max_values, text + 1), std::min(state_->options.max_columns, text + 1),
          copy};
}

Result<TableExtent> CsvSource::read_header() {
  const TableOptions& options = state_->options;
  LEARNDOCK_TRY(state_->decoded, decode(state_->bytes, options.encoding, options.source));
  LEARNDOCK_TRY(CsvHead head, read_csv_head(state_->decoded.text(), options));
  const std::vector<bool>& chosen = head.choice.chosen;
  const auto features = static_cast<std::size_t>(std::count(chosen.begin(), chosen.end(), true));
  const TableExtent extent{most_values(head.dialect.text, features, options), head.header.names.size(),
                           state_->decoded.copy.size()};
  state_->head = std::move(head);
  return extent;
}

Result<Table> CsvSource::read_rows() {
  LEARNDOCK_TRY(CsvColumns read, read_csv_columns(*std::exchange(state_->head, {}), state_->options));
  return features_of(std::move(read), state_->options);
}

Result<CsvHead> read_csv_head(std::string_view text, const TableOptions& options) {
  const Dialect dialect = find_dialect(text, options);
  LEARNDOCK_TRY(Header header, read_header(dialect, options));
  LEARNDOCK_TRY(ColumnChoice choice, choose_columns(header.names, options));
  return CsvHead{dialect, std::move(header), std::move(choice)};
}

Result<CsvColumns> read_csv_columns(CsvHead head, const TableOptions& options) {
  Header& header = head.header;
  CsvColumns read;
  read.dialect = head.dialect;
  read.choice = std::move(head.choice);
  read.header = header.in_file;
  read.warnings = std::move(header.warnings);
  if (read.dialect.comments > 0)
    read.warnings.push_back(
        {WarningCode::lines_skipped,
         fmt::format("{} lines that begin with # before the header were passed over", read.dialect.comments),
         Json{{"count", read.dialect.comments}, {"line", 1}}});
  read.columns.resize(header.names.size());
  for (std::size_t c = 0; c < read.columns.size(); ++c) {
    read.columns[c].name = std::move(header.names[c]);
    read.columns[c].position = c + 1;
    read.columns[c].chosen = read.choice.chosen[c];
  }
  LEARNDOCK_CHECK(RowReader(read, std::move(header.rows), options).read());
  compare_columns(read.columns);
  Warnings left_out = leave_out_unread(read.columns, options);
  std::move(left_out.begin(), left_out.end(), std::back_inserter(read.warnings));
  return read;
}

Result<Table> features_of(CsvColumns read, const TableOptions& options) {
  ColumnFindings findings = find_in_columns(read.columns, options);
  if (findings.unusable) return Failure(*std::move(findings.unusable));
  const std::vector<std::size_t> places = places_of_features(read);
  if (places.empty())
    return fail(ErrorCode::table_column, "no column of numbers is left", "line 1", "leave fewer columns out");
  const auto width =
      static_cast<std::size_t>(std::count(read.choice.chosen.begin(), read.choice.chosen.end(), true));
  if (places.size() < width || !read.choice.order.empty()) keep_places(read.values, read.rows, width, places);
  std::move(findings.warnings.begin(), findings.warnings.end(), std::back_inserter(read.warnings));
  return Table{Matrix<float>(read.rows, places.size(), std::move(read.values)), names_of_features(read),
               std::move(read.warnings)};
}

Result<void> check_is_text(std::string_view bytes, const TableOptions& options) {
  if (auto foreign = foreign_format(bytes, options.source)) return Failure(*std::move(foreign));
  if (auto packed = unpack(bytes, 0, options.source); !packed) return Failure(std::move(packed).error());
  return {};
}

Result<Table> parse_csv(std::string_view bytes, const TableOptions& options) {
  LEARNDOCK_TRY(CsvSource source, CsvSource::open(bytes, options));
  LEARNDOCK_CHECK(source.read_header());
  return source.read_rows();
}

}  // namespace learndock::sketch
