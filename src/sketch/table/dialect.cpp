#include "sketch/table/dialect.hpp"

#include "learndock/sketch/table.hpp"

#include "base/ascii.hpp"
#include "sketch/table/cell_value.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace learndock::sketch {
namespace {

constexpr std::size_t kSampleRecords = 200;
constexpr std::size_t kSampleBytes = std::size_t{1} << 20;
constexpr std::array<char, 4> kDelimiters = {',', '\t', ';', '|'};

/// Cells with a decimal sign that can only be one.
struct DecimalSigns {
  std::size_t commas = 0, points = 0;
  void add(std::string_view cell);
};

bool all_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "1,234" may be a thousand; "0,234", "1,23" and "1,2345" are not.
void DecimalSigns::add(std::string_view cell) {
  std::string_view text = trim(cell);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t sign = text.find_first_of(",.");
  if (sign == std::string_view::npos) return;
  const std::string_view whole = text.substr(0, sign);
  const std::string_view rest = text.substr(sign + 1, text.substr(sign + 1).find_first_of("eE"));
  if (rest.empty() || !all_digits(whole) || !all_digits(rest)) return;
  const bool thousands = rest.size() == 3 && !whole.empty() && whole.size() <= 3 && whole != "0";
  if (text[sign] == '.') ++points;
  if (text[sign] == ',' && !thousands) ++commas;
}

/// The first records as one delimiter splits them.
struct Sample {
  std::size_t records = 0, usual_cells = 0, usual_records = 0, usual_line = 0;
  std::size_t cells = 0, values = 0;  // behind the first record: all, and numbers or missing ones
  DecimalSigns signs;

  [[nodiscard]] double fitness() const {
    if (usual_cells < 2 || records == 0) return 0;
    const double alike = static_cast<double>(usual_records) / static_cast<double>(records);
    const double numbers = cells == 0 ? 0 : static_cast<double>(values) / static_cast<double>(cells);
    return alike * (0.25 + numbers);
  }
};

struct RecordCount {
  std::size_t records = 0, first_line = 0;
};

void take_usual(const std::map<std::size_t, RecordCount>& counts, Sample& sample) {
  for (const auto& [cells, count] : counts)
    if (count.records >= sample.usual_records) {
      sample.usual_cells = cells;
      sample.usual_records = count.records;
      sample.usual_line = count.first_line;
    }
}

/// Counts one record's cells and, behind the first record, what they are. False at the end of the sample: the
/// rest of a record that is longer is not looked at.
bool add_record(CsvCells& cells, char decimal, Sample& sample, std::size_t& count) {
  for (count = 0; cells.more(); ++count) {
    if (cells.read_bytes() > kSampleBytes) return false;
    const auto cell = cells.cell();
    if (!cell) return false;
    if (sample.records == 0) continue;
    ++sample.cells;
    sample.signs.add(*cell);
    const CellKind kind = value_of(*cell, decimal).kind;
    const bool comma = decimal == '.' && kind == CellKind::words && parse_number(*cell, ',').has_value();
    if (kind == CellKind::number || kind == CellKind::missing || comma) ++sample.values;
  }
  return true;
}

Sample sample_of(CsvCells cells, char decimal) {
  Sample sample;
  std::map<std::size_t, RecordCount> counts;
  for (bool more = true; more && sample.records < kSampleRecords && cells.next_record();) {
    std::size_t count = 0;
    more = add_record(cells, decimal, sample, count);
    if (!more && sample.records > 0) break;
    RecordCount& same = counts[count];
    if (same.records++ == 0) same.first_line = cells.line();
    ++sample.records;
  }
  take_usual(counts, sample);
  return sample;
}

std::size_t end_of_line(std::string_view text) {
  const std::size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos) return text.size();
  return at + (text.substr(at).starts_with("\r\n") ? 2 : 1);
}

void take_off(Dialect& dialect, std::size_t bytes) {
  dialect.text.remove_prefix(bytes);
  ++dialect.first_line;
}

/// The line "sep=;" with which spreadsheets name their delimiter. What no option may name is no delimiter.
void read_separator_line(Dialect& dialect, std::optional<char>& delimiter) {
  const std::string_view line = dialect.text.substr(0, end_of_line(dialect.text));
  if (line.size() < 5 || !line.starts_with("sep=") || (line.size() > 5 && line[5] != '\r' && line[5] != '\n'))
    return;
  const auto named = delimiter_of(line.substr(4, 1));
  if (!named) return;
  if (!delimiter) delimiter = *named;
  take_off(dialect, line.size());
}

bool is_comment(std::string_view text) { return text.starts_with('#'); }

/// Whether a comment is a header: it has as many cells as the line behind it, which holds numbers alone.
bool names_columns(std::string_view comment, std::string_view next, const Dialect& dialect) {
  CsvCells names(comment, dialect.delimiter), values(next, dialect.delimiter);
  std::size_t first = 0, second = 0;
  if (!names.next_record() || !values.next_record()) return false;
  for (; names.more(); ++first)
    if (!names.cell()) return false;
  for (; values.more(); ++second) {
    const auto cell = values.cell();
    if (!cell || value_of(*cell, dialect.decimal).kind != CellKind::number) return false;
  }
  return first == second;
}

/// Passes comments by; the last one may be the header that numpy.savetxt writes.
void read_comments(Dialect& dialect) {
  while (is_comment(dialect.text)) {
    const std::size_t end = end_of_line(dialect.text);
    const std::string_view next = dialect.text.substr(end);
    if (next.empty()) return;
    if (!is_comment(next)) {
      const std::string_view comment = dialect.text.substr(1, end - 1);
      if (names_columns(comment, next.substr(0, end_of_line(next)), dialect)) {
        dialect.text.remove_prefix(1);
        return;
      }
    }
    ++dialect.comments;
    take_off(dialect, end);
  }
}

/// The rows behind the comments, for the first look.
CsvCells rows_of(const Dialect& dialect, char delimiter) {
  std::string_view text = dialect.text;
  std::size_t line = dialect.first_line;
  for (; is_comment(text); ++line) text.remove_prefix(end_of_line(text));
  return CsvCells(text, delimiter, line);
}

}  // namespace

Dialect find_dialect(std::string_view text, const TableOptions& options) {
  Dialect dialect;
  dialect.text = text;
  std::optional<char> delimiter = options.delimiter;
  read_separator_line(dialect, delimiter);
  const char decimal = options.decimal.value_or('.');
  Sample best;
  bool found = false;
  for (const char candidate : kDelimiters) {
    if (found && delimiter) break;
    const Sample sample = sample_of(rows_of(dialect, delimiter.value_or(candidate)), decimal);
    if (found && sample.fitness() <= best.fitness() + 1e-9) continue;
    best = sample;
    dialect.delimiter = delimiter.value_or(candidate);
    found = true;
  }
  dialect.decimal = options.decimal.value_or(best.signs.commas > 0 && best.signs.points == 0 ? ',' : '.');
  dialect.records = best.records;
  dialect.usual_cells = best.usual_cells;
  dialect.usual_records = best.usual_records;
  dialect.usual_line = best.usual_line;
  read_comments(dialect);
  return dialect;
}

}  // namespace learndock::sketch
