#include "sketch/table/column_findings.hpp"

#include "learndock/base/json.hpp"

#include "base/utf8.hpp"
#include "sketch/table/cell_value.hpp"
#include "sketch/table/column_choice.hpp"
#include "sketch/table/column_look.hpp"
#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace learndock::sketch {
namespace {

using Columns = std::vector<const ColumnProfile*>;

/// A column that varies this many times less than the widest is not seen beside it.
constexpr double kDrowned = 100;
constexpr std::size_t kNamed = 8;  // columns that a message names
/// Bytes of options that the fix of an error and a warning have room for. An option that a longer text cuts
/// off could not be pasted.
constexpr std::size_t kMostFlags = 400, kMostAdvice = 200;

template <class Choose>
Columns columns_where(std::span<const ColumnProfile> columns, Choose choose) {
  Columns found;
  for (const ColumnProfile& column : columns)
    if (column.chosen && choose(column)) found.push_back(&column);
  return found;
}

std::string quoted_name(const ColumnProfile& column) {
  if (column.name.empty()) return fmt::format("column {} (without a name)", column.position);
  return fmt::format("\"{}\"", printable(column.name, 40));
}

template <class Describe>
std::string listed(const Columns& columns, Describe describe) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, columns.size()); ++i)
    text += (i > 0 ? ", " : "") + describe(*columns[i]);
  return columns.size() > kNamed ? fmt::format("{} and {} more", text, columns.size() - kNamed) : text;
}

std::string listed_names(const Columns& columns) { return listed(columns, quoted_name); }

Json names_json(const Columns& columns) {
  Json names = Json::array();
  for (std::size_t i = 0; i < std::min(kNamed, columns.size()); ++i)
    names.push_back(printable(columns[i]->name, 40));
  return {{"columns", std::move(names)}, {"count", columns.size()}};
}

bool cannot_be_read(const ColumnProfile& column) { return !column.numeric() || column.lost(); }

/// Why a column cannot be used.
std::string reason_of(const ColumnProfile& column) {
  const std::string example =
      fmt::format("\"{}\" in line {}", printable(column.odd_cell, 40), column.odd_line);
  switch (column.type) {
    case ColumnType::empty:
      return "no values";
    case ColumnType::date:
      return "dates, " + example;
    case ColumnType::words:
      return "words, " + example;
    case ColumnType::mixed:
      return fmt::format("{} of {} cells are no numbers, {}", column.not_numbers,
                         column.rows - column.missing, example);
    default:
      return fmt::format("single precision keeps 7 digits, and values from {:.17g} to {:.17g} need more",
                         column.low, column.high);
  }
}

/// The label among columns that cannot be features: by name, else the last one with few words.
const ColumnProfile* label_among(const Columns& unusable) {
  const ColumnProfile* found = nullptr;
  for (const ColumnProfile* column : unusable)
    if (column->label_like && column->type != ColumnType::date) found = column;
  return found;
}

std::string joined(const std::string& flags, const std::string& more) {
  return flags.empty() || more.empty() ? flags + more : flags + " " + more;
}

/// --label and --drop for these columns. Where that is a long list, --numeric-only stands for those that
/// cannot be read, and --drop has the others where there is room.
std::string flags_for(Columns columns, const TableOptions& options) {
  std::string flags;
  const ColumnProfile* label = options.label_column.empty() ? label_among(columns) : nullptr;
  if (label != nullptr) {
    flags = option_of("--label", {&label, 1});
    std::erase(columns, label);
  }
  if (columns.empty()) return flags;
  if (const std::string all = joined(flags, option_of("--drop", columns)); all.size() <= kMostFlags)
    return all;
  if (std::erase_if(columns, [](const ColumnProfile* c) { return cannot_be_read(*c); }) > 0)
    flags = joined(flags, "--numeric-only");
  if (columns.empty()) return flags;
  const std::string with_others = joined(flags, option_of("--drop", columns));
  return with_others.size() <= kMostFlags ? with_others : flags;
}

/// How a warning says that features are left out: by an option to paste, unless it would be long.
std::string way_to_drop(const Columns& columns) {
  std::string option = option_of("--drop", columns);
  if (option.size() <= kMostAdvice) return option;
  return fmt::format(
      "--drop, of which a list of {} columns would be long here, or name those that stay with "
      "--columns",
      columns.size());
}

ErrorCode code_of(const Columns& unusable) {
  const auto any = [&](auto is) { return std::any_of(unusable.begin(), unusable.end(), is); };
  if (any([](const ColumnProfile* c) { return c->not_numbers > 0; })) return ErrorCode::table_cell;
  if (any([](const ColumnProfile* c) { return c->type == ColumnType::empty; }))
    return ErrorCode::table_column;
  return ErrorCode::table_precision;
}

/// How a file is mended whose cells are separated by blanks; empty for any other.
std::string cure_of_blanks(std::span<const ColumnProfile> columns, const TableOptions& options) {
  const std::string& cell = columns.front().odd_cell;
  const std::size_t blank = cell.find(' ');
  if (columns.size() > 1 || blank == std::string::npos || !parse_number(cell.substr(0, blank))) return {};
  return fmt::format("blanks separate the cells; write commas: sed 's/^ *//; s/  */,/g' {} > table.csv",
                     file_word(options.source));
}

std::string fix_of(const Columns& unusable, const std::string& flags, bool others, ErrorCode code) {
  std::string fix = others ? "leave them out: " + flags : "no column of numbers is left beside them";
  if (code == ErrorCode::table_precision) {
    constexpr const char* kOffset =
        "subtract one fixed number from the column, the same for every table that is compared";
    return others ? fmt::format("{}; or {}", fix, kOffset) : kOffset;
  }
  const bool mixed = std::any_of(unusable.begin(), unusable.end(),
                                 [](const ColumnProfile* c) { return c->type == ColumnType::mixed; });
  const bool comma = std::any_of(unusable.begin(), unusable.end(), [](const ColumnProfile* c) {
    return parse_number(c->odd_cell, ',').has_value();
  });
  if (others && unusable.size() > 1) fix += " (--numeric-only leaves all out that are no numbers)";
  if (comma) fix += "; or say --decimal , when the comma is the decimal sign";
  return fix + (mixed ? "; or empty the cells that are no numbers" : "; or encode the values as numbers");
}

Error refusal(const Columns& unusable, const std::string& flags, bool others) {
  const ColumnProfile& first = *unusable.front();
  Error error{code_of(unusable), {}, {}, {}};
  error.message = unusable.size() == 1 && first.not_numbers > 0
                      ? fmt::format("\"{}\" is not a number", printable(first.odd_cell, 40))
                      : fmt::format("{} {} no usable numbers: {}", unusable.size(),
                                    unusable.size() == 1 ? "column has" : "columns have",
                                    listed(unusable, [](const ColumnProfile& column) {
                                      return fmt::format("{} ({})", quoted_name(column), reason_of(column));
                                    }));
  if (first.odd_line > 0) error.where = fmt::format("line {}, ", first.odd_line);
  error.where += first.name.empty() ? fmt::format("column {}", first.position)
                                    : fmt::format("column \"{}\"", printable(first.name, 200));
  error.fix = fix_of(unusable, flags, others, error.code);
  return error;
}

void warn_of_ids(const Columns& ids, Warnings& warnings) {
  if (ids.empty()) return;
  warnings.push_back({WarningCode::id_suspected,
                      fmt::format("{} {} like row numbers or ids and {} taken for {}; leave {} out with {}",
                                  listed_names(ids), ids.size() == 1 ? "looks" : "look",
                                  ids.size() == 1 ? "is" : "are", ids.size() == 1 ? "a feature" : "features",
                                  ids.size() == 1 ? "it" : "them", way_to_drop(ids)),
                      names_json(ids)});
}

/// The label, and features of the same name, which may be copies of it.
std::string flags_for_label(const ColumnProfile& label, std::span<const ColumnProfile> columns) {
  const ColumnProfile* one = &label;
  const Columns copies = columns_where(
      columns, [&](const ColumnProfile& c) { return c.name == label.name && c.position != label.position; });
  const std::string flags = option_of("--label", {&one, 1});
  if (copies.empty()) return flags;
  const std::string drop = option_of("--drop", copies);
  return drop.size() <= kMostAdvice ? joined(flags, drop) : flags;
}

void warn_of_label(const ColumnProfile& label, const std::string& flags, Warnings& warnings) {
  warnings.push_back(
      {WarningCode::label_suspected,
       fmt::format("the column {} looks like a label; leave it out with {}", quoted_name(label), flags),
       Json{{"column", printable(label.name, 40)}}});
}

void warn_of_dates(const Columns& dates, Warnings& warnings) {
  if (dates.empty()) return;
  warnings.push_back(
      {WarningCode::date_suspected,
       fmt::format("{} {} like dates or times, and a kernel takes them for measures; leave them "
                   "out with {}",
                   listed_names(dates), dates.size() == 1 ? "looks" : "look", way_to_drop(dates)),
       names_json(dates)});
}

void warn_of_names(std::span<const ColumnProfile> columns, Warnings& warnings) {
  const Columns repeated = columns_where(columns, [](const ColumnProfile& c) { return c.repeated_name; });
  if (repeated.size() < 2) return;
  warnings.push_back(
      {WarningCode::names_repeated,
       fmt::format("several features have the same name: {}; by position they are left out as in {}",
                   listed_names(repeated),
                   option_of("--drop", std::span(repeated).subspan(repeated.size() - 1))),
       names_json(repeated)});
}

void warn_of_drowned(std::span<const ColumnProfile> columns, Warnings& warnings) {
  const Columns vary = columns_where(
      columns, [](const ColumnProfile& c) { return c.numeric() && !c.id_like && c.high > c.low; });
  if (vary.size() < 2) return;
  const auto width = [](const ColumnProfile* c) { return c->high - c->low; };
  const ColumnProfile* widest =
      *std::max_element(vary.begin(), vary.end(), [&](auto* a, auto* b) { return width(a) < width(b); });
  Columns drowned;
  for (const ColumnProfile* column : vary)
    if (width(column) * kDrowned < width(widest)) drowned.push_back(column);
  if (drowned.size() * 20 < vary.size() || drowned.empty()) return;
  Json facts = names_json(drowned);
  facts["widest"] = printable(widest->name, 40);
  warnings.push_back(
      {WarningCode::columns_drowned,
       fmt::format("beside {}, which ranges over {:.3g}, a kernel of any gamma hardly sees {}; put "
                   "the columns on one scale, as the learnwares' makers did",
                   quoted_name(*widest), width(widest), listed_names(drowned)),
       std::move(facts)});
}

void warn_of_precision(std::span<const ColumnProfile> columns, Warnings& warnings) {
  const Columns blurred = columns_where(columns, [](const ColumnProfile& c) { return c.blurred(); });
  if (blurred.empty()) return;
  warnings.push_back(
      {WarningCode::precision_lost,
       fmt::format(
           "single precision changes {} by more than 0.5 % of {} spread; subtract one fixed number from "
           "the values, the same for every table that is compared",
           listed_names(blurred), blurred.size() == 1 ? "its" : "their"),
       names_json(blurred)});
}

}  // namespace

ColumnFindings find_in_columns(std::span<const ColumnProfile> columns, const TableOptions& options,
                               Rows rows) {
  ColumnFindings found;
  const auto unread = [&](const ColumnProfile& c) { return rows == Rows::all && cannot_be_read(c); };
  const Columns unusable = columns_where(columns, unread);
  Columns leave = columns_where(columns, [&](const ColumnProfile& c) { return unread(c) || c.id_like; });
  const std::size_t chosen = columns_where(columns, [](const ColumnProfile&) { return true; }).size();
  if (leave.size() == chosen) leave = unusable;  // an id alone is better than no column
  found.flags = leave.empty() || leave.size() == chosen ? "" : flags_for(leave, options);
  if (!unusable.empty()) found.unusable = refusal(unusable, found.flags, unusable.size() < chosen);
  if (found.unusable)
    if (std::string cure = cure_of_blanks(columns, options); !cure.empty())
      found.unusable->fix = std::move(cure);
  warn_of_ids(columns_where(columns, [&](const ColumnProfile& c) { return c.id_like && !unread(c); }),
              found.warnings);
  const auto label = std::find_if(columns.begin(), columns.end(), [&](const ColumnProfile& c) {
    return options.label_column.empty() && c.chosen && c.numeric() && names_a_label(c.name);
  });
  if (label != columns.end()) {
    const std::string flags = flags_for_label(*label, columns);
    warn_of_label(*label, flags, found.warnings);
    if (found.flags.find("--label") == std::string::npos) found.flags = joined(found.flags, flags);
  }
  warn_of_dates(
      columns_where(columns, [&](const ColumnProfile& c) { return c.date_like && !unread(c) && !c.id_like; }),
      found.warnings);
  warn_of_names(columns, found.warnings);
  warn_of_drowned(columns, found.warnings);
  warn_of_precision(columns, found.warnings);
  return found;
}

Warnings leave_out_unread(std::span<ColumnProfile> columns, const TableOptions& options) {
  Columns left;
  for (ColumnProfile& column : columns) {
    const bool nothing = column.type == ColumnType::empty && column.name.empty();
    if (!column.chosen || !(nothing || (options.numeric_only && cannot_be_read(column)))) continue;
    column.chosen = false;
    left.push_back(&column);
  }
  if (left.empty()) return {};
  return {{WarningCode::columns_left_out,
           fmt::format("{} {} left out: {}", left.size(), left.size() == 1 ? "column was" : "columns were",
                       listed(left,
                              [](const ColumnProfile& column) {
                                return fmt::format("{} ({})", quoted_name(column), reason_of(column));
                              })),
           names_json(left)}};
}

}  // namespace learndock::sketch
