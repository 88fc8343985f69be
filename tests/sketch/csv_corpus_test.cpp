// Small tables over the cross product of the ways in which programs write them: what is read is what was
// written, or the error is the right one.
#include "learndock/sketch/table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {
namespace {

enum class Quoting { none, names, all };

struct Way {
  char delimiter = ',', decimal = '.';
  std::string_view encoding;  // "utf-8", "bom", "utf-16le", "utf-16be"
  bool header = true, id = false;
  std::string_view missing, line_end;
  Quoting quoting = Quoting::none;

  [[nodiscard]] std::string name() const {
    return fmt::format("decimal {} {} header {} id {} missing {} line end of {} quoting {} delimiter ",
                       decimal, encoding, header, id, missing, line_end.size(), static_cast<int>(quoting)) +
           delimiter;
  }
};

constexpr std::size_t kTableRows = 9, kTableColumns = 3;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// What every way writes.
double value_at(std::size_t row, std::size_t column) {
  if ((row + 2 * column) % 5 == 4) return kMissing;
  const double sign = (row + column) % 2 == 0 ? 1 : -1;
  return column == 2 ? sign * static_cast<double>(row * row * 1000)
                     : sign * (0.25 + 1.5 * static_cast<double>(row * 3 + column));
}

std::string in_quotes(std::string_view cell) { return "\"" + std::string(cell) + "\""; }

std::string written(double value, const Way& way) {
  if (std::isnan(value)) return std::string(way.missing);
  std::string text = fmt::format("{}", value);
  for (char& c : text)
    if (c == '.') c = way.decimal;
  return way.quoting == Quoting::all ? in_quotes(text) : text;
}

std::string table_of(const Way& way) {
  std::string text;
  if (way.header) {
    if (way.id) text += (way.quoting == Quoting::none ? "" : "\"\"") + std::string(1, way.delimiter);
    const std::vector<std::string> names = {"h\u00f6he", "b", "c"};
    for (std::size_t c = 0; c < kTableColumns; ++c)
      text += (c > 0 ? std::string(1, way.delimiter) : "") +
              (way.quoting == Quoting::none ? names[c] : in_quotes(names[c]));
    text += way.line_end;
  }
  for (std::size_t r = 0; r < kTableRows; ++r) {
    if (way.id) text += std::to_string(r + 1) + way.delimiter;
    for (std::size_t c = 0; c < kTableColumns; ++c)
      text += (c > 0 ? std::string(1, way.delimiter) : "") + written(value_at(r, c), way);
    text += way.line_end;
  }
  return text;
}

std::string utf16(std::string_view utf8, bool big) {
  std::string out = big ? "\xFE\xFF" : "\xFF\xFE";
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    auto unit = static_cast<std::uint8_t>(utf8[i]);
    char16_t point = unit;
    if (unit >= 0x80)
      point = static_cast<char16_t>((unit & 0x1FU) << 6U | (static_cast<std::uint8_t>(utf8[++i]) & 0x3FU));
    const char high = static_cast<char>(point >> 8U), low = static_cast<char>(point & 0xFFU);
    out += big ? high : low;
    out += big ? low : high;
  }
  return out;
}

std::string encoded(const std::string& text, std::string_view encoding) {
  if (encoding == "bom") return "\xEF\xBB\xBF" + text;
  if (encoding == "utf-16le") return utf16(text, false);
  if (encoding == "utf-16be") return utf16(text, true);
  return text;
}

std::vector<Way> all_ways() {
  std::vector<Way> ways;
  for (const char delimiter : {',', ';', '\t', '|'})
    for (const char decimal : {'.', ','})
      for (const char* encoding : {"utf-8", "bom", "utf-16le", "utf-16be"})
        for (const bool header : {true, false})
          for (const bool id : {false, true})
            for (const char* missing : {"", "NA", "?"})
              for (const char* line_end : {"\n", "\r\n", "\r"})
                for (const Quoting quoting : {Quoting::none, Quoting::names, Quoting::all})
                  if (delimiter != decimal || quoting == Quoting::all)
                    ways.push_back({delimiter, decimal, encoding, header, id, missing, line_end, quoting});
  return ways;
}

bool same(double written_value, float read) {
  return std::isnan(written_value) ? std::isnan(read) : static_cast<float>(written_value) == read;
}

void expect_content(const Table& table, std::size_t first_column, const Way& way) {
  ASSERT_EQ(table.values.rows(), kTableRows) << way.name();
  ASSERT_EQ(table.values.cols(), kTableColumns + first_column) << way.name();
  for (std::size_t r = 0; r < kTableRows; ++r)
    for (std::size_t c = 0; c < kTableColumns; ++c)
      ASSERT_TRUE(same(value_at(r, c), table.values(r, c + first_column)))
          << way.name() << " row " << r << " column " << c;
}

TEST(CsvCorpus, EveryWayToWriteATableIsReadOrRefusedForItsReason) {
  const std::vector<Way> ways = all_ways();
  ASSERT_GE(ways.size(), 60u);
  for (const Way& way : ways) {
    const std::string text = encoded(table_of(way), way.encoding);
    const std::size_t first = way.id ? 1 : 0;
    const auto table = parse_csv(text);
    TableOptions options;
    if (way.header) {
      ASSERT_TRUE(table.has_value()) << way.name() << ": " << table.error().message;
      expect_content(*table, first, way);
      EXPECT_EQ(table->columns[first], "h\u00f6he") << way.name();
      EXPECT_EQ(contains(table->warnings, WarningCode::id_suspected), way.id) << way.name();
      options.drop = {""};
    } else {
      ASSERT_FALSE(table.has_value()) << way.name();
      EXPECT_EQ(table.error().code, ErrorCode::table_syntax) << way.name() << ": " << table.error().message;
      EXPECT_NE(table.error().fix.find("--no-header"), std::string::npos) << way.name();
      options.header = false;
      const auto whole = parse_csv(text, options);
      ASSERT_TRUE(whole.has_value()) << way.name() << ": " << whole.error().message;
      expect_content(*whole, first, way);
      options.drop = {"#1"};
    }
    if (!way.id) continue;
    const auto without = parse_csv(text, options);
    ASSERT_TRUE(without.has_value()) << way.name() << ": " << without.error().message;
    expect_content(*without, 0, way);
  }
}

TEST(CsvCorpus, WhatIsFoundOutCanBeSaid) {
  for (const Way& way : all_ways()) {
    if (way.encoding != "utf-16be" || way.missing != "NA") continue;
    const std::string text = encoded(table_of(way), way.encoding).substr(2);
    TableOptions options;
    options.delimiter = way.delimiter;
    options.decimal = way.decimal;
    options.encoding = TextEncoding::utf16_be;
    options.header = way.header;
    const auto table = parse_csv(text, options);
    ASSERT_TRUE(table.has_value()) << way.name() << ": " << table.error().message;
    expect_content(*table, way.id ? 1 : 0, way);
  }
}

}  // namespace
}  // namespace learndock::sketch
