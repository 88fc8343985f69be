#include "cli/data_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/sketch/table.hpp"

#include "cli/table_flags.hpp"

#include <fmt/format.h>

namespace learndock::cli {
namespace {

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
  add(column.numeric() && column.loses(1.0 / 200), "loses precision");
  return notes.empty() ? "-" : notes;
}

std::vector<std::string> row_of(const sketch::ColumnProfile& column) {
  const bool numbers = column.low <= column.high;
  return {
      std::to_string(column.position),
      column.name.empty() ? "-" : column.name,
      std::string(sketch::name_of(column.type)),
      column.missing == 0 ? "0" : fmt::format("{:.1f} %", 100 * column.missing_share()),
      (column.distinct_exact ? "" : "> ") + std::to_string(column.distinct - (column.distinct_exact ? 0 : 1)),
      numbers ? number(column.low) : "-",
      numbers ? number(column.high) : "-",
      numbers ? fmt::format("{:.4g}", column.spread) : "-",
      notes_on(column)};
}

Json json_of(const sketch::TableProfile& profile) {
  Json columns = Json::array();
  for (const sketch::ColumnProfile& column : profile.columns) columns.push_back(sketch::to_json(column));
  return {{"format", profile.format},
          {"encoding", profile.encoding},
          {"delimiter", profile.delimiter},
          {"decimal", profile.decimal},
          {"header", profile.header},
          {"rows", profile.rows},
          {"profiled_rows", profile.profiled_rows},
          {"columns", std::move(columns)},
          {"usable", profile.unusable.empty()},
          {"unusable", profile.unusable},
          {"flags", profile.flags},
          {"warnings", messages_of(profile.warnings)},
          {"warning_details", to_json(std::span(profile.warnings))}};
}

void print_profile(const sketch::TableProfile& profile, const OutputOptions& output) {
  Rows rows = {{"column", "name", "type", "missing", "distinct", "low", "high", "spread", "notes"}};
  for (const sketch::ColumnProfile& column : profile.columns) rows.push_back(row_of(column));
  print_table(rows);
  warn(output, messages_of(profile.warnings));
  if (!profile.unusable.empty()) note(output, "not usable as it is: " + profile.unusable);
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
