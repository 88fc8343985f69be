#include "cli/data_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/sketch/table.hpp"

#include "base/shorten.hpp"
#include "cli/table_flags.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::cli {
namespace {

constexpr std::size_t kShownColumns = 1'000;
constexpr std::size_t kMaxNameBytes = 200;

/// The columns that an answer has room for. Of very many those come first that the options choose.
struct ShownColumns {
  std::vector<const sketch::ColumnProfile*> columns;
  std::size_t left_out = 0;
};

ShownColumns shown_columns(const sketch::TableProfile& profile) {
  ShownColumns shown;
  for (const sketch::ColumnProfile& column : profile.columns) shown.columns.push_back(&column);
  if (shown.columns.size() <= kShownColumns) return shown;
  shown.left_out = shown.columns.size() - kShownColumns;
  std::stable_partition(shown.columns.begin(), shown.columns.end(), [](const auto* c) { return c->chosen; });
  shown.columns.resize(kShownColumns);
  return shown;
}

std::string number(double value) { return value == 0 ? "0" : fmt::format("{:.10g}", value); }

/// What a reader should see at once of a column.
std::string notes_on(const sketch::ColumnProfile& column) {
  std::string notes;
  const auto add = [&](bool is, const char* note) {
    if (is) notes += (notes.empty() ? "" : ", ") + std::string(note);
  };
  add(!column.chosen, "left out");
  add(column.constant(), "constant");
  add(column.id_like, "like an id");
  add(column.date_like, "like a date");
  add(column.label_like, "like a label");
  add(column.repeated_name, "repeated name");
  add(column.blurred(), "blurred by single precision");
  add(column.lost(), "lost in single precision");
  return notes.empty() ? "-" : notes;
}

std::vector<std::string> row_of(const sketch::ColumnProfile& column) {
  const bool numbers = column.low <= column.high;
  return {
      std::to_string(column.position),
      column.name.empty() ? "-" : shortened(column.name, kMaxNameBytes),
      std::string(sketch::name_of(column.type)),
      column.missing == 0 ? "0" : fmt::format("{:.1f} %", 100 * column.missing_share()),
      (column.distinct_exact ? "" : "> ") + std::to_string(column.distinct - (column.distinct_exact ? 0 : 1)),
      numbers ? number(column.low) : "-",
      numbers ? number(column.high) : "-",
      numbers ? fmt::format("{:.4g}", column.spread) : "-",
      notes_on(column)};
}

Json json_of(const sketch::TableProfile& profile) {
  const ShownColumns shown = shown_columns(profile);
  Json columns = Json::array();
  for (const sketch::ColumnProfile* column : shown.columns) {
    columns.push_back(sketch::to_json(*column));
    columns.back()["name"] = shortened(column->name, kMaxNameBytes);
  }
  const Warnings warnings = shortened(profile.warnings);
  return {{"format", profile.format},
          {"encoding", profile.encoding},
          {"delimiter", profile.delimiter},
          {"decimal", profile.decimal},
          {"header", profile.header},
          {"rows", profile.rows},
          {"profiled_rows", profile.profiled_rows},
          {"columns", std::move(columns)},
          {"columns_left_out", shown.left_out},
          {"usable", profile.unusable.empty()},
          {"unusable", shortened_sentence(profile.unusable)},
          {"fix", shortened_sentence(profile.fix)},
          {"flags", profile.flags},
          {"warnings", messages_of(warnings)},
          {"warning_details", to_json(std::span(warnings))}};
}

void print_profile(const sketch::TableProfile& profile, const OutputOptions& output) {
  Rows rows = {{"column", "name", "type", "missing", "distinct", "low", "high", "spread", "notes"}};
  const ShownColumns shown = shown_columns(profile);
  for (const sketch::ColumnProfile* column : shown.columns) rows.push_back(row_of(*column));
  print_table(rows);
  if (shown.left_out > 0)
    note(output, fmt::format("{} more columns are not shown; those that --columns names come first, as in "
                             "--columns '#{}'",
                             shown.left_out, profile.columns.size()));
  warn(output, messages_of(profile.warnings));
  if (!profile.unusable.empty())
    note(output, fmt::format("not usable as it is: {}\n  fix: {}", shortened_sentence(profile.unusable),
                             shortened_sentence(profile.fix)));
  if (profile.profiled_rows < profile.rows)
    note(output, fmt::format("the columns are shown as the first {} rows have them", profile.profiled_rows));
  note(output, profile.format == "npy"
                   ? fmt::format("{} rows", profile.rows)
                   : fmt::format("{} rows; {}, {} between cells, decimal {}, {}", profile.rows,
                                 profile.encoding, profile.delimiter, profile.decimal,
                                 profile.header ? "a header line" : "no header line"));
  if (!profile.flags.empty()) note(output, "suggested: " + profile.flags);
}

Result<void> show_data(const std::string& path, const TableFlags& flags, const OutputOptions& output) {
  LEARNDOCK_TRY(const sketch::TableOptions options, table_options(flags));
  LEARNDOCK_TRY(const sketch::TableProfile profile, sketch::profile_table(path, options));
  if (output.json)
    print_json(json_of(profile));
  else
    print_profile(profile, output);
  return {};
}

}  // namespace

void add_data_command(CLI::App& app, Invocation& invocation) {
  auto path = std::make_shared<std::string>();
  auto flags = std::make_shared<TableFlags>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(
      app, invocation, "data",
      "Show how a table is read and what its columns are, before a specification is "
      "made of it",
      "learndock data my.csv --label class", [=, &output] { return show_data(*path, *flags, output); });
  command->add_option("file", *path, "A CSV, also packed by gzip or zstd, or a 2-D .npy array")->required();
  add_table_flags(*command, *flags);
}

}  // namespace learndock::cli
