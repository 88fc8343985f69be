#include "sketch/table/header.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"
#include "sketch/table/cell_value.hpp"
#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace learndock::sketch {
namespace {

constexpr std::size_t kMaxColumnNameBytes = 4096;  // of one column's name
constexpr std::size_t kLookedAtRows = 100;
constexpr std::size_t kLookedAtBytes = std::size_t{1} << 20;

/// What stands below one cell of the first record.
struct Below {
  std::uint8_t numbers = 0, decimals = 0, words = 0;
  bool repeats = false;  // the first cell's text, or its number
};

struct Evidence {
  std::size_t names = 0;      // words over numbers
  std::size_t data = 0;       // decimal numbers, marks of missing values, words that the column repeats
  std::size_t words = 0;      // words at all
  std::vector<double> whole;  // the whole numbers, in order
  bool whole_repeats = false, over_decimals = false;
};

enum class Verdict { header, likely_header, unsure, data };

std::vector<Below> look_below(CsvCells rows, const std::vector<std::string>& first, char decimal) {
  std::vector<Below> below(first.size());
  const std::size_t begin = rows.read_bytes();
  for (std::size_t i = 0;
       i < kLookedAtRows && rows.read_bytes() - begin < kLookedAtBytes && rows.next_record(); ++i)
    for (std::size_t c = 0; rows.more(); ++c) {
      const auto cell = rows.cell();
      if (!cell) return below;
      if (c >= first.size()) continue;
      const CellValue value = value_of(*cell, decimal);
      if (value.kind == CellKind::missing) continue;
      const bool number = value.kind == CellKind::number;
      (number ? below[c].numbers : below[c].words) += 1;
      if (number && value.number != std::floor(value.number)) below[c].decimals += 1;
      below[c].repeats = below[c].repeats || trim(*cell) == first[c];
    }
  return below;
}

Evidence evidence_of(const std::vector<std::string>& first, const std::vector<Below>& below, char decimal) {
  Evidence found;
  for (std::size_t c = 0; c < first.size(); ++c) {
    const CellValue value = value_of(first[c], decimal);
    const bool over_numbers = below[c].numbers > 0 && below[c].numbers > 4 * below[c].words;
    if (value.kind == CellKind::missing) {
      if (!first[c].empty() && over_numbers) ++found.data;
    } else if (value.kind == CellKind::number) {
      const bool whole = value.number == std::floor(value.number) && value.number >= 0;
      if (!whole) ++found.data;
      if (whole) found.whole.push_back(value.number);
      found.whole_repeats = found.whole_repeats || (whole && below[c].repeats);
      found.over_decimals = found.over_decimals || below[c].decimals > 0;
    } else {
      ++found.words;
      if (over_numbers) ++found.names;
      if (below[c].repeats) ++found.data;
    }
  }
  return found;
}

bool steps_evenly(const std::vector<double>& numbers) {
  const double step = numbers.size() > 1 ? numbers[1] - numbers[0] : 1;
  for (std::size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i] - numbers[i - 1] != step) return false;
  return step > 0;
}

/// Numbers are a header only as programs write them for columns without names, 0, 1, 2, ... or 1, 2, 3, ...,
/// and as years are.
Verdict verdict_of_numbers(const Evidence& found) {
  const std::vector<double>& numbers = found.whole;
  const bool even = steps_evenly(numbers);
  const bool counts = even && numbers[0] <= 1 && (numbers.size() == 1 || numbers[1] - numbers[0] == 1);
  const bool years = even && numbers.size() > 2 && numbers[0] >= 1000;
  if (!counts && !years) return found.words == 0 ? Verdict::data : Verdict::unsure;
  if (found.whole_repeats || (numbers.size() == 1 && found.words == 0 && !found.over_decimals))
    return Verdict::unsure;
  return Verdict::likely_header;
}

Verdict verdict_of(const Evidence& found) {
  if (found.names == 0) {
    if (found.data > 0) return Verdict::data;
    return found.whole.empty() ? Verdict::header : verdict_of_numbers(found);
  }
  if (found.data >= found.names) return Verdict::unsure;
  const bool odd = found.data > 0 || (!found.whole.empty() && !steps_evenly(found.whole));
  return odd ? Verdict::likely_header : Verdict::header;
}

Result<std::vector<std::string>> read_names(CsvCells& cells, const TableOptions& options) {
  std::vector<std::string> names;
  while (cells.more()) {
    if (names.size() == options.max_columns)
      return fail(ErrorCode::too_large,
                  fmt::format("the header names more than {} columns", options.max_columns), "line 1",
                  "keep the columns that the model reads");
    LEARNDOCK_TRY(std::string_view name, cells.cell());
    name = trim(name);
    if (name.size() > kMaxColumnNameBytes)
      return fail(ErrorCode::table_column,
                  fmt::format("the name of column {} has {} bytes, the limit is {}", names.size() + 1,
                              name.size(), kMaxColumnNameBytes),
                  "line 1", "give a table as text (CSV), one row a line");
    names.emplace_back(name);
  }
  return names;
}

/// Lines before the table, or a header that leaves the row names out.
Result<void> check_width(std::size_t width, std::size_t line, const Dialect& dialect,
                         const TableOptions& options) {
  const bool clear = dialect.records > 2 && dialect.usual_records * 3 >= dialect.records * 2;
  if (!clear || width >= dialect.usual_cells) return {};
  const std::string file = file_word(options.source), where = fmt::format("line {}", line);
  if (width + 1 == dialect.usual_cells && dialect.usual_line == line + 1)
    return fail(
        ErrorCode::table_syntax,
        fmt::format("the header names {} columns, and the rows have {} cells", width, dialect.usual_cells),
        where,
        fmt::format("if the first cells are row names, as R writes them, name them: sed '{}s/^/row{}/' {} > "
                    "table.csv",
                    line, dialect.delimiter == '\t' ? "\\t" : std::string(1, dialect.delimiter), file));
  return fail(
      ErrorCode::table_syntax,
      fmt::format("{} cells; the table of {} cells a row begins in line {}", width, dialect.usual_cells,
                  dialect.usual_line),
      where,
      fmt::format("leave out what stands before it: tail -n +{} {} > table.csv", dialect.usual_line, file));
}

Failure not_a_header(std::size_t line, bool sure) {
  return fail(
      ErrorCode::table_syntax,
      sure ? "the first line is not a header: it holds data"
           : "the first line may be a header or not: it holds words and numbers, or numbers that count",
      fmt::format("line {}", line),
      sure ? "say --no-header, or add a first line that names the columns"
           : "say --header when it names the columns, and --no-header when it is a row");
}

}  // namespace

Result<Header> read_header(const Dialect& dialect, const TableOptions& options) {
  Header header{{}, true, dialect.cells(), {}};
  CsvCells& rows = header.rows;
  if (!rows.next_record()) return fail(ErrorCode::table_empty, "the file is empty");
  const std::size_t line = rows.line();
  LEARNDOCK_TRY(header.names, read_names(rows, options));
  LEARNDOCK_CHECK(check_width(header.names.size(), line, dialect, options));
  if (header.names.size() == 1) rows.keep_blank_lines();
  Verdict verdict = options.header.value_or(true) ? Verdict::header : Verdict::data;
  if (!options.header) {
    const std::vector<Below> below = look_below(rows, header.names, dialect.decimal);
    verdict = verdict_of(evidence_of(header.names, below, dialect.decimal));
    if (verdict == Verdict::unsure || verdict == Verdict::data)
      return not_a_header(line, verdict == Verdict::data);
  }
  if (verdict == Verdict::likely_header)
    header.warnings.push_back({WarningCode::header_unsure,
                               fmt::format("line {} was taken for the names of the columns although it holds "
                                           "numbers; say --no-header when it is a row",
                                           line),
                               Json{{"line", line}}});
  if (verdict != Verdict::data) return header;
  header.in_file = false;
  header.rows = dialect.cells();
  if (header.names.size() == 1) header.rows.keep_blank_lines();
  for (std::size_t c = 0; c < header.names.size(); ++c) header.names[c] = fmt::format("#{}", c + 1);
  return header;
}

}  // namespace learndock::sketch
