#include "cli/table_flags.hpp"

#include <utility>

namespace learndock::cli {
namespace {

Result<std::vector<std::string>> names_in(const std::vector<std::string>& lists) {
  std::vector<std::string> names;
  for (const std::string& list : lists) {
    LEARNDOCK_TRY(std::vector<std::string> some, sketch::split_names(list));
    std::move(some.begin(), some.end(), std::back_inserter(names));
  }
  return names;
}

}  // namespace

void add_table_flags(CLI::App& command, TableFlags& flags) {
  command.add_option("--label", flags.label,
                     "The column to predict, which is no feature; '#3' is the third column");
  command
      .add_option(
          "--drop", flags.drop,
          "Further columns that are no features: names or positions, separated by commas; may be repeated")
      ->allow_extra_args(false);
  command
      .add_option("--columns", flags.columns,
                  "The features and their order: names or positions, separated by commas")
      ->allow_extra_args(false);
  command.add_flag(
      "--numeric-only", flags.numeric_only,
      "Leave out columns that are no numbers, or lose too much in single precision, and say which");
  command.add_option(
      "--delimiter", flags.delimiter,
      "What separates the cells: one character, or comma, semicolon, tab or pipe (default: found out)");
  command.add_option("--decimal", flags.decimal, "The decimal sign: . or , (default: found out)");
  command.add_option("--encoding", flags.encoding,
                     "The text's encoding: utf-8, utf-16le, utf-16be or latin1 (default: found out)");
  auto* header = command.add_flag("--header", flags.header, "The first line names the columns");
  command.add_flag("--no-header", flags.no_header, "The first line is a row; columns are '#1', '#2', ...")
      ->excludes(header);
}

Result<sketch::TableOptions> table_options(const TableFlags& flags) {
  sketch::TableOptions options;
  options.label_column = flags.label;
  options.numeric_only = flags.numeric_only;
  LEARNDOCK_TRY(options.drop, names_in(flags.drop));
  LEARNDOCK_TRY(options.columns, names_in(flags.columns));
  if (!flags.delimiter.empty()) {
    LEARNDOCK_TRY(options.delimiter, sketch::delimiter_of(flags.delimiter));
  }
  if (!flags.decimal.empty()) {
    LEARNDOCK_TRY(options.decimal, sketch::decimal_of(flags.decimal));
  }
  if (!flags.encoding.empty()) {
    LEARNDOCK_TRY(options.encoding, sketch::encoding_of(flags.encoding));
  }
  if (flags.header || flags.no_header) options.header = flags.header;
  return options;
}

}  // namespace learndock::cli
