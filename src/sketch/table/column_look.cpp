#include "sketch/table/column_look.hpp"

#include "learndock/base/json.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

namespace learndock::sketch {
namespace {

constexpr std::size_t kMostDistinct = 256;  // that one column remembers
constexpr std::size_t kShownCell = 40;
/// Rounding that is passed over whatever a column's spread is. It assumes the usual gamma, 0.1, because
/// tables are read before gamma is known, and it may be derived from them. Where two equal values come to
/// differ by a step s, a kernel value becomes exp(-gamma s^2), 1 - 1e-7 here; of any two rows it changes by
/// s sqrt(2 gamma / e) at most, 3e-4 here, with either sign. Another gamma has these errors at
/// s = 1e-3 sqrt(0.1 / gamma), so that one far above 1 can see rounding that this floor hides.
constexpr double kLeastStep = 1e-3;

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// "id", "customer_id", "customerId" and their like.
bool names_id(std::string_view name) {
  constexpr std::array<std::string_view, 6> kIds = {"id", "uuid", "guid", "_id", "rowid", "objectid"};
  const std::string plain = lower(name);
  if (among(kIds, plain)) return true;
  if (plain.size() < 3 || !plain.ends_with("id")) return false;
  const char before = name[name.size() - 3];
  const bool camel = name.ends_with("Id") || name.ends_with("ID");
  return std::string_view("_-. ").find(before) != std::string_view::npos ||
         (camel && before >= 'a' && before <= 'z');
}

/// Names of row numbers; a measure may have them too.
bool names_row(std::string_view name) {
  constexpr std::array<std::string_view, 17> kRows = {
      "",    "index", "idx",    "row",    "rows",      "rownames", "row_names",  "row.names", "no",
      "no.", "nr",    "number", "number", "rownumber", "key",      "unnamed: 0", "#"};
  return among(kRows, lower(name));
}

bool names_time(std::string_view name) {
  const std::string plain = lower(name);
  return plain == "ts" || plain.find("time") != std::string::npos ||
         plain.find("date") != std::string::npos || plain.find("epoch") != std::string::npos;
}

/// 20240531.
bool is_calendar(double number) {
  if (!(number >= 19000101 && number <= 21001231) || number != std::floor(number)) return false;
  const auto date = static_cast<std::uint32_t>(number);
  const std::uint32_t month = date / 100 % 100, day = date % 100;
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool is_unix_time(const ColumnProfile& column) {
  return column.type == ColumnType::whole && column.low >= 1e8 && column.high < 4.3e9 &&
         names_time(column.name);
}

bool is_id(const ColumnProfile& column) {
  constexpr std::size_t kLeastRows = 8;  // a few whole numbers in order say little
  const bool few = column.rows < kLeastRows;
  const bool counts = column.ascending && column.high - column.low + 1 == static_cast<double>(column.rows);
  const bool different = column.distinct == column.rows || !column.distinct_exact;
  if (names_id(column.name)) return column.type != ColumnType::decimal && column.type != ColumnType::empty;
  if (names_row(column.name))
    return column.type != ColumnType::decimal && (column.ascending || (different && !few));
  return column.ascending && !few && (counts || column.low >= 0) && !column.date_like;
}

}  // namespace

bool names_a_label(std::string_view name) {
  constexpr std::array<std::string_view, 8> kNames = {"label",  "target", "class",   "y",
                                                      "labels", "output", "outcome", "species"};
  return among(kNames, lower(name));
}

bool ColumnProfile::loses(double share) const { return rounding > kLeastStep && rounding > share * spread; }

std::string_view name_of(ColumnType type) {
  constexpr std::array<std::string_view, 6> kNames = {"empty", "whole", "decimal", "date", "words", "mixed"};
  return kNames.at(static_cast<std::size_t>(type));
}

Json to_json(const ColumnProfile& column) {
  const bool numbers = column.low <= column.high;
  return {{"name", column.name},
          {"position", column.position},
          {"type", name_of(column.type)},
          {"rows", column.rows},
          {"missing", column.missing},
          {"not_numbers", column.not_numbers},
          {"missing_share", column.missing_share()},
          {"distinct", column.distinct},
          {"distinct_exact", column.distinct_exact},
          {"constant", column.constant()},
          {"id_like", column.id_like},
          {"date_like", column.date_like},
          {"label_like", column.label_like},
          {"repeated_name", column.repeated_name},
          {"low", numbers ? Json(column.low) : Json()},
          {"high", numbers ? Json(column.high) : Json()},
          {"mean", numbers ? Json(column.mean) : Json()},
          {"spread", numbers ? Json(column.spread) : Json()},
          {"rounding", numbers ? Json(column.rounding) : Json()},
          {"feature", column.chosen}};
}

void ColumnLook::count_distinct(std::uint32_t hash, DistinctBudget& budget) {
  if (!distinct_exact_) return;
  const auto at = std::lower_bound(distinct_.begin(), distinct_.end(), hash);
  if (at != distinct_.end() && *at == hash) return;
  if (distinct_.size() == kMostDistinct || budget.left == 0) {
    distinct_exact_ = false;
    return;
  }
  --budget.left;
  distinct_.insert(at, hash);
}

void ColumnLook::add_number(double number, DistinctBudget& budget) {
  ++rows_;
  const auto narrow = static_cast<double>(static_cast<float>(number));
  if (!std::isfinite(narrow)) {
    ++missing_;
    ascending_ = false;
    return;
  }
  whole_ = whole_ && number == std::floor(number);
  calendar_ = calendar_ && is_calendar(number);
  ascending_ = ascending_ && whole_ && (numbers_ == 0 || number > last_);
  low_ = numbers_ == 0 ? number : std::min(low_, number);
  high_ = numbers_ == 0 ? number : std::max(high_, number);
  last_ = number;
  ++numbers_;
  const double step = number - mean_;
  mean_ += step / static_cast<double>(numbers_);
  squares_ += step * (number - mean_);
  rounding_ += (narrow - number) * (narrow - number);
  const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number) * 0x9E3779B97F4A7C15ULL;
  count_distinct(static_cast<std::uint32_t>(bits >> 32U), budget);
}

void ColumnLook::add(const CellValue& value, std::string_view cell, std::size_t line,
                     DistinctBudget& budget) {
  if (value.kind == CellKind::number) return add_number(value.number, budget);
  ++rows_;
  ascending_ = false;
  if (value.kind == CellKind::missing) {
    ++missing_;
    return;
  }
  ++(value.kind == CellKind::date ? dates_ : words_);
  count_distinct(static_cast<std::uint32_t>(std::hash<std::string_view>()(cell)), budget);
  if (odd_line_ > 0) return;
  odd_line_ = line;
  odd_cell_ = cell.substr(0, kShownCell);
}

void ColumnLook::finish(ColumnProfile& column) const {
  column.rows = rows_;
  column.missing = missing_;
  column.not_numbers = words_ + dates_;
  column.distinct = distinct_.size() + (distinct_exact_ ? 0 : 1);
  column.distinct_exact = distinct_exact_;
  column.ascending = ascending_ && numbers_ > 1;
  column.odd_cell = odd_cell_;
  column.odd_line = odd_line_;
  if (column.ascending) {
    column.distinct = numbers_;
    column.distinct_exact = true;
  }
  if (words_ + dates_ == 0)
    column.type = numbers_ == 0 ? ColumnType::empty : whole_ ? ColumnType::whole : ColumnType::decimal;
  else if (numbers_ > 0)
    column.type = ColumnType::mixed;
  else
    column.type = words_ == 0 ? ColumnType::date : ColumnType::words;
  if (numbers_ > 0) {
    const auto count = static_cast<double>(numbers_);
    column.low = low_;
    column.high = high_;
    column.mean = mean_;
    column.spread = std::sqrt(squares_ / count);
    column.rounding = std::sqrt(rounding_ / count);
  }
  const bool calendar = column.numeric() && calendar_ && !column.constant();
  column.date_like = column.type == ColumnType::date || calendar || is_unix_time(column);
  column.label_like = names_a_label(column.name);
  column.id_like = !column.label_like && is_id(column);
}

void compare_columns(std::span<ColumnProfile> columns) {
  std::vector<std::uint32_t> order(columns.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return columns[a].name < columns[b].name; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    ColumnProfile &one = columns[order[i - 1]], &other = columns[order[i]];
    if (one.name == other.name && !one.name.empty()) one.repeated_name = other.repeated_name = true;
  }
  if (columns.empty()) return;
  constexpr std::size_t kFewValues = 20;
  ColumnProfile& last = columns.back();
  const bool values = last.type == ColumnType::whole || last.type == ColumnType::words;
  if (columns.size() > 1 && values && last.distinct_exact && last.distinct > 1 &&
      last.distinct <= kFewValues && 2 * last.distinct <= last.rows && !last.id_like)
    last.label_like = true;
}

}  // namespace learndock::sketch
