#include "sketch/table/column_choice.hpp"

#include "base/number.hpp"
#include "base/utf8.hpp"
#include "sketch/table/foreign_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace learndock::sketch {
namespace {

/// The first names as text, each cut: a header may be as long as a file.
std::string first_names(std::span<const std::string> names) {
  constexpr std::size_t kNamed = 20, kShownBytes = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, names.size()); ++i)
    text += (i > 0 ? ", " : "") + printable(names[i], kShownBytes);
  return names.size() > kNamed ? fmt::format("{}, ... ({} in all)", text, names.size()) : text;
}

/// "#3" is the third column.
std::optional<std::size_t> position_of(std::string_view name, std::size_t columns) {
  if (!name.starts_with('#')) return std::nullopt;
  const auto position = whole_number<std::size_t>(name.substr(1));
  return position && *position >= 1 && *position <= columns ? std::optional(*position - 1) : std::nullopt;
}

Result<std::vector<std::size_t>> columns_named(std::span<const std::string> names, std::string_view name) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) found.push_back(i);
  if (found.empty())
    if (const auto position = position_of(name, names.size())) found.push_back(*position);
  if (!found.empty()) return found;
  const std::string more = name.find(',') == std::string_view::npos
                               ? ""
                               : "; --drop takes several, separated by commas, and --label takes one";
  return fail(ErrorCode::table_column, fmt::format("there is no column \"{}\"", name.substr(0, 200)),
              "line 1", "the columns are: " + first_names(names) + more);
}

/// The one column of that name. @param left  of several, those that are not left out already count
Result<std::size_t> column_named(std::span<const std::string> names, std::string_view name,
                                 std::string_view flag, const std::vector<bool>* left = nullptr) {
  LEARNDOCK_TRY(std::vector<std::size_t> found, columns_named(names, name));
  const std::vector<std::size_t> all = found;
  if (left != nullptr && found.size() > 1) std::erase_if(found, [&](std::size_t i) { return !(*left)[i]; });
  if (found.size() == 1) return found.front();
  const std::string fix =
      flag == "--label"
          ? fmt::format("say which by its position, and leave the other out: --label '#{}' --drop '#{}'",
                        all[1] + 1, all[0] + 1)
          : fmt::format("say which by its position: {} '#{}'", flag, all[0] + 1);
  return fail(ErrorCode::table_column,
              fmt::format("\"{}\" names {} columns, {} and {} among them", name.substr(0, 200), all.size(),
                          all[0] + 1, all[1] + 1),
              "line 1", fix);
}

}  // namespace

Result<ColumnChoice> choose_columns(std::span<const std::string> names, const TableOptions& options) {
  ColumnChoice choice;
  choice.chosen.assign(names.size(), options.columns.empty());
  for (const std::string& name : options.columns) {
    LEARNDOCK_TRY(const std::size_t column, column_named(names, name, "--columns"));
    if (!choice.chosen[column]) choice.order.push_back(column);
    choice.chosen[column] = true;
  }
  for (const std::string& name : options.drop) {
    LEARNDOCK_TRY(const std::vector<std::size_t> columns, columns_named(names, name));
    for (const std::size_t column : columns) choice.chosen[column] = false;
  }
  if (!options.label_column.empty()) {
    LEARNDOCK_TRY(const std::size_t label,
                  column_named(names, options.label_column, "--label", &choice.chosen));
    choice.chosen[label] = false;
  }
  std::erase_if(choice.order, [&](std::size_t column) { return !choice.chosen[column]; });
  if (std::find(choice.chosen.begin(), choice.chosen.end(), true) == choice.chosen.end())
    return fail(ErrorCode::table_column, "no feature column is left beside the label", "line 1",
                "leave fewer columns out");
  return choice;
}

std::string option_of(std::string_view flag, std::span<const ColumnProfile* const> columns) {
  std::string list;
  for (const ColumnProfile* column : columns) {
    const bool plain = !column->name.empty() && !column->repeated_name && column->name.size() <= 60 &&
                       column->name.front() != '-' &&
                       column->name.find_first_of(",\"#") == std::string::npos && is_plain_name(column->name);
    list += list.empty() ? "" : ",";
    list += plain ? column->name : fmt::format("#{}", column->position);
  }
  return fmt::format("{} {}", flag, shell_word(list));
}

Result<std::vector<std::string>> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (true) {
    std::string name;
    list = list.substr(std::min(list.find_first_not_of(' '), list.size()));
    if (list.starts_with('"')) {
      std::size_t at = 1;
      for (; at < list.size() && (list[at] != '"' || list.substr(at).starts_with("\"\"")); ++at) {
        name += list[at];
        if (list[at] == '"') ++at;
      }
      if (at >= list.size() || (at + 1 < list.size() && list[at + 1] != ','))
        return fail(ErrorCode::invalid_argument, "a quoted name in the list of columns is not closed", {},
                    "write names with commas as '\"a,b\",c', or by position as '#1'");
      list.remove_prefix(at + 1);
    } else {
      const std::size_t end = std::min(list.find(','), list.size());
      name = list.substr(0, end);
      list.remove_prefix(end);
    }
    names.push_back(std::move(name));
    if (list.empty()) return names;
    list.remove_prefix(1);
  }
}

Result<char> delimiter_of(std::string_view name) {
  if (name == "comma") return ',';
  if (name == "semicolon") return ';';
  if (name == "tab" || name == "\\t") return '\t';
  if (name == "pipe") return '|';
  if (name.size() == 1 && std::string_view("\"\r\n ").find(name[0]) == std::string_view::npos) return name[0];
  return fail(ErrorCode::invalid_argument,
              fmt::format("the delimiter \"{}\" is no single character", name.substr(0, 40)), {},
              "give one character, or comma, semicolon, tab or pipe");
}

Result<char> decimal_of(std::string_view name) {
  if (name == "." || name == "point") return '.';
  if (name == "," || name == "comma") return ',';
  return fail(ErrorCode::invalid_argument,
              fmt::format("the decimal sign \"{}\" is not read", name.substr(0, 40)), {}, "give . or ,");
}

}  // namespace learndock::sketch
