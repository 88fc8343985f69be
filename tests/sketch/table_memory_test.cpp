// What parsing a hostile table may take: a request's body is charged to a budget, and parsing must stay
// within a known multiple of it.
#include "learndock/compute/registry.hpp"
#include "learndock/sketch/reducer.hpp"
#include "learndock/sketch/table.hpp"

#include "support/allocation_peak.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {
namespace {

constexpr std::size_t kBytes = std::size_t{8} << 20;
constexpr std::size_t kTimes = 6;                    // as table.hpp promises
constexpr std::size_t kColumn = 512;                 // a profile, as it promises too
constexpr std::size_t kRest = std::size_t{1} << 16;  // messages

std::string repeated(std::string_view piece, std::string text = {}) {
  text.reserve(kBytes + piece.size());
  while (text.size() < kBytes) text += piece;
  return text;
}

/// What parsing took at most, as a multiple of the text.
template <class Parse>
std::size_t peak_of(Parse parse) {
  const testing::AllocationPeak peak;
  static_cast<void>(parse());
  return peak.bytes();
}

TEST(TableMemory, ATableOfCommasDidCostAStringForEachComma) {
  const std::string commas = repeated(",") + "\n";
  EXPECT_LT(peak_of([&] { return parse_csv(commas); }), kTimes * commas.size());
  const auto table = parse_csv(commas);
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code, ErrorCode::too_large);
  EXPECT_NE(table.error().message.find("100000 columns"), std::string::npos) << table.error().message;
  EXPECT_LT(table.error().message.size() + table.error().fix.size(), 1000u);
}

TEST(TableMemory, ARowOfCommasUnderAShortHeaderTakesNothing) {
  const std::string text = repeated(",", "a,b\n");
  EXPECT_LT(peak_of([&] { return parse_csv(text); }), kTimes * text.size());
  EXPECT_EQ(parse_csv(text).error().code, ErrorCode::table_syntax);
}

TEST(TableMemory, WhateverATableIsMadeOfParsingTakesAFewTimesTheText) {
  const std::string names = [] {
    std::string line;
    for (int i = 0; i < 50'000; ++i) line += "column-of-a-long-name-" + std::to_string(i) + ",";
    return line + "last\n";
  }();
  for (const std::string& text :
       {repeated("\n"), repeated("\r"), repeated("\"\"\n"), repeated("\n", "a"), repeated("1\n", "a\n"),
        repeated(",\n", "a,b\n"), repeated(",,,,,,,\n", "a,b,c,d,e,f,g,h\n"), repeated("\""),
        repeated("\"\"", "a\n\"") + "\"\n", repeated("\"\",", "a,b\n"), repeated("a,"), repeated("1,"),
        repeated("x", "a\n"), repeated("x"), repeated("x,", names), repeated("1\n", names), repeated(" ,")}) {
    const std::size_t profiles = text.starts_with(names) ? 50'001 * kColumn : 0;
    EXPECT_LT(peak_of([&] { return parse_csv(text); }), kTimes * text.size() + profiles + kRest)
        << text.substr(0, 40);
    const auto table = parse_csv(text);
    if (!table) {
      EXPECT_LT(table.error().message.size() + table.error().where.size(), 9000u);
    }
  }
}

TEST(TableMemory, LabelsAreNotKept) {
  std::string text = "a,label\n";
  for (int i = 0; text.size() < kBytes; ++i) text += "1,\"the \"\"label\"\" " + std::to_string(i) + "\"\n";
  EXPECT_LT(peak_of([&] { return parse_csv(text, {.label_column = "label"}); }), text.size());
}

TEST(TableMemory, AnUnknownLabelDoesNotListEveryColumn) {
  const auto table =
      parse_csv(repeated("abcdefgh,", "z").substr(0, 400'000) + "end\n", {.label_column = "zz"});
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code, ErrorCode::table_column);
  EXPECT_LT(table.error().fix.size(), 2000u);
}

TEST(TableMemory, AnArrayThatDeclaresMuchTakesNothing) {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 2), }\n";
  std::string bytes = std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0' + header;
  bytes += std::string(1000, 'x');
  EXPECT_LT(peak_of([&] { return parse_npy(bytes); }), kRest);
  EXPECT_FALSE(parse_npy(bytes).has_value());
}

/// 40 MB of values took 300 MB: the table in fp64, whole and several times.
TEST(TableMemory, AFewVeryWideRowsAreReducedInBlocks) {
  constexpr std::size_t kRows = 320, kColumns = 60'000;
  std::vector<float> values(kRows * kColumns);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 2654435761U % 1009);
  const auto backend = compute::open_backend("cpu", 1).value();
  ReducerOptions options;
  options.points = 1;
  options.measured_rows = 2000;
  options.gamma = 1e-9;
  const std::size_t most = (std::size_t{64} << 20) + values.size() * sizeof(float);
  EXPECT_LT(peak_of([&] { return reduce({values.data(), kRows, kColumns}, options, *backend); }), most);
}

TEST(TableMemory, WhatATableComesToIsKnownBeforeItIsParsed) {
  for (const std::string& text : {std::string("a,b\n1,2\n"), std::string("\n\na,b,c\r\n1,2,3\r\n,,\r\n"),
                                  std::string("\"a\nb\",c\n1,2\n"), repeated("1,2,3\n", "a,b,c\n"),
                                  repeated(",1\n", "a,b\n2,2\n"), repeated("1\n", "a\n")}) {
    const auto table = parse_csv(text);
    ASSERT_TRUE(table.has_value()) << text.substr(0, 40);
    auto source = CsvSource::open(text);
    ASSERT_TRUE(source.has_value()) << text.substr(0, 40);
    const TableExtent bound = source->bound();
    const auto extent = source->read_header();
    ASSERT_TRUE(extent.has_value()) << text.substr(0, 40);
    EXPECT_GE(bound.values, extent->values) << text.substr(0, 40);
    EXPECT_GE(bound.columns, extent->columns) << text.substr(0, 40);
    EXPECT_GE(extent->values, table->values.values().size()) << text.substr(0, 40);
    EXPECT_GE(extent->columns, table->values.cols()) << text.substr(0, 40);
    EXPECT_EQ(source->read_rows()->values.rows(), table->values.rows());
  }
}

/// A line of separators has nearly as many columns as bytes.
TEST(TableMemory, AllColumnsOfOneLineWithoutAHeaderAreKnownBeforeItIsParsed) {
  TableOptions options;
  options.header = false;
  options.numeric_only = true;
  const std::string text = "1" + std::string(40, '\t') + "2";
  auto source = CsvSource::open(text, options);
  ASSERT_TRUE(source.has_value());
  const TableExtent bound = source->bound();
  const auto extent = source->read_header();
  ASSERT_TRUE(extent.has_value()) << describe(extent.error());
  EXPECT_EQ(extent->columns, 41U);
  EXPECT_GE(bound.columns, extent->columns);
}

std::string utf16(std::string_view ascii) {
  std::string out = "\xFF\xFE";
  for (const char c : ascii) {
    out += c;
    out += '\0';
  }
  return out;
}

/// The whole text was decoded before anything was charged for it.
TEST(TableMemory, NothingIsDecodedBeforeItsSizeIsKnown) {
  const std::string latin = repeated("1,2\n", "h\xF6he,\x80\n");
  struct Case {
    std::string bytes;
    std::optional<TextEncoding> encoding;
  };
  for (const Case& one : {Case{utf16(repeated("1,2\n", "a,b\n")), {}},
                          Case{latin, TextEncoding::windows_1252}, Case{repeated("1,2\n", "a,b\n"), {}}}) {
    const TableOptions options{.encoding = one.encoding};
    const testing::AllocationPeak peak;
    auto source = CsvSource::open(one.bytes, options);
    ASSERT_TRUE(source.has_value()) << source.error().message;
    const TableExtent bound = source->bound();
    EXPECT_LT(peak.bytes(), kRest);
    const auto extent = source->read_header();
    ASSERT_TRUE(extent.has_value()) << extent.error().message;
    EXPECT_GE(bound.decoded_bytes, extent->decoded_bytes);
    EXPECT_LT(peak.bytes(), bound.decoded_bytes + kRest)
        << "the text is copied once, into memory of its size";
    ASSERT_TRUE(source->read_rows().has_value());
  }
}

TableExtent extent_of(const std::string& text) {
  auto source = CsvSource::open(text);
  return source ? source->read_header().value_or(TableExtent{}) : TableExtent{};
}

TEST(TableMemory, QuotedNamesMakeNoTableLarger) {
  std::string rows;
  for (int i = 0; i < 1000; ++i) rows += "1,2,3\n";
  const TableExtent plain = extent_of("a,b,c\n" + rows), quoted = extent_of("\"a\",\"b, c\",\"d\"\n" + rows);
  EXPECT_EQ(quoted.columns, 3U);
  EXPECT_EQ(quoted.values, plain.values);
}

}  // namespace
}  // namespace learndock::sketch
