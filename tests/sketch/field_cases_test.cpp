// Tables of users that were once read wrong, silently or with a misleading message: one test for each kind.
#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/sketch/reducer.hpp"
#include "learndock/sketch/table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace learndock::sketch {
namespace {

Error error_of(std::string_view text, const TableOptions& options = {}) {
  const auto table = parse_csv(text, options);
  EXPECT_FALSE(table.has_value()) << text;
  return table ? Error{ErrorCode::internal, {}} : table.error();
}

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

const Warning* find(const Warnings& warnings, WarningCode code) {
  for (const Warning& warning : warnings)
    if (warning.code == code) return &warning;
  return nullptr;
}

std::string rows_of(std::size_t count, std::string (*row)(std::size_t), std::string text) {
  for (std::size_t i = 0; i < count; ++i) text += row(i) + "\n";
  return text;
}

TEST(FieldCases, ADelimiterThatIsNoCommaIsFoundOut) {
  for (const char* text : {"a;b\n1.25;-2\n3;4.5\n", "a\tb\n1.25\t-2\n3\t4.5\n", "a|b\n1.25|-2\n3|4.5\n",
                           "a;b\n1,25;-2\n3;4,5\n", "sep=;\na;b\n1.25;-2\n3;4.5\n"}) {
    const auto table = parse_csv(text);
    ASSERT_TRUE(table.has_value()) << text << table.error().message;
    EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(table->values(0, 0), 1.25F);
    EXPECT_EQ(table->values(1, 1), 4.5F);
  }
}

TEST(FieldCases, ASeparatorLineNamesNoLineBreakQuoteOrBlank) {
  for (const std::string& line :
       {std::string("sep=\n"), std::string("sep=\r\n"), std::string("sep=\"\n"), std::string("sep= \n")}) {
    const auto table = parse_csv(line + "1.5\n2.5\n", {.header = true});
    EXPECT_TRUE(!table || table->columns[0].starts_with("sep=")) << line;
  }
  EXPECT_EQ(parse_csv("sep=:\na:b\n1.5:2\n")->columns, (std::vector<std::string>{"a", "b"}));
}

TEST(FieldCases, DelimitersAtTheEndsOfAllLinesMakeNoFeatures) {
  std::string text = "Date;Time;CO;T;;\n";
  for (int i = 0; i < 20; ++i) text += fmt::format("10/03/2004;{:02}.00.00;2,{};1{},6;;\n", i, i % 10, i % 7);
  const Error error = error_of(text);
  EXPECT_EQ(error.code, ErrorCode::table_cell);
  EXPECT_TRUE(holds(error.message, "\"Date\"") && holds(error.message, "\"Time\"")) << error.message;
  EXPECT_TRUE(holds(error.fix, "--drop Date,Time")) << error.fix;
  const auto table = parse_csv(text, {.drop = {"Date", "Time"}});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"CO", "T"}));
  EXPECT_EQ(table->values(3, 0), 2.3F);
  EXPECT_TRUE(contains(table->warnings, WarningCode::columns_left_out));
}

TEST(FieldCases, AFirstRowOfDataIsNotLostWhateverItsFirstCellIs) {
  const std::string rows = "M,0.35,7\nF,0.53,9\nM,0.44,10\nI,0.33,7\nF,0.4,8\n";
  for (const std::string& text : {"M,0.455,15\n" + rows, std::string("?,1.5\n2,2.5\n3,3.5\n4,4.5\n"),
                                  std::string(",1.5\n2,2.5\n3,3.5\n"), std::string("0.5,M\n0.2,F\n0.1,M\n"),
                                  std::string("M,15\nM,7\nF,9\n"), std::string("5,NA,1\n6,2,3\n7,8,9\n")}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.code, ErrorCode::table_syntax) << text;
    EXPECT_TRUE(holds(error.message, "not a header")) << error.message;
    EXPECT_TRUE(holds(error.fix, "--no-header") && !holds(error.fix, "--label")) << error.fix;
  }
  const auto table = parse_csv("M,0.455,15\n" + rows, {.drop = {"#1"}, .header = false});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->values.rows(), 6u);
  EXPECT_EQ(table->values(0, 0), 0.455F);
}

TEST(FieldCases, AHeaderThatMayBeARowIsAskedFor) {
  for (const char* text : {"1\n2\n3\n", "0,1\n1,0\n0,0\n", "x,0.5,1.5\n1,2,3\n4,5,6\n"}) {
    const Error error = error_of(text);
    EXPECT_TRUE(holds(error.fix, "--header") && holds(error.fix, "--no-header")) << text << error.fix;
    EXPECT_TRUE(parse_csv(text, {.header = true}).has_value()) << text;
    EXPECT_EQ(parse_csv(text, {.header = false}).has_value(), text[0] != 'x') << text << "x is no number";
  }
  const auto years = parse_csv("country,1990,1991,1992\n1,2,3,4\n5,6,7,9\n");
  ASSERT_TRUE(years.has_value()) << years.error().message;
  EXPECT_FALSE(contains(years->warnings, WarningCode::header_unsure));
  EXPECT_TRUE(contains(parse_csv("0,1\n5,6\n")->warnings, WarningCode::header_unsure));
}

TEST(FieldCases, RowNumbersAndIdsAreNamedAndCanBeLeftOut) {
  for (const auto& [text, flag] : std::vector<std::pair<std::string, std::string>>{
           {",a,b\n0,1.25,1.5\n1,0.5,-0.75\n2,-1.5,0.25\n", "--drop '#1'"},
           {"\"\",\"a\",\"b\"\n\"1\",1.25,1.5\n\"2\",0.5,-0.75\n", "--drop '#1'"},
           {"Id,a,b\n1,5.1,3.5\n2,4.9,3\n", "--drop Id"},
           {"customer_id,a,b\n907,5.1,3.5\n12,4.9,3\n", "--drop customer_id"}}) {
    const auto table = parse_csv(text);
    ASSERT_TRUE(table.has_value()) << table.error().message;
    EXPECT_EQ(table->values.cols(), 3u);
    const Warning* warning = find(table->warnings, WarningCode::id_suspected);
    ASSERT_NE(warning, nullptr) << text;
    EXPECT_TRUE(holds(warning->message, flag)) << warning->message;
  }
  const auto without = parse_csv(",a,b\n0,1.25,1.5\n1,0.5,-0.75\n", {.drop = {""}});
  ASSERT_TRUE(without.has_value()) << without.error().message;
  EXPECT_EQ(without->columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(contains(without->warnings, WarningCode::id_suspected));
}

TEST(FieldCases, ALabelThatWasLeftInIsNamed) {
  const auto table = parse_csv("a,b,label\n-0.5,0.25,0\n0.5,0.75,1\n");
  ASSERT_TRUE(table.has_value());
  const Warning* warning = find(table->warnings, WarningCode::label_suspected);
  ASSERT_NE(warning, nullptr);
  EXPECT_TRUE(holds(warning->message, "--label label")) << warning->message;
  EXPECT_TRUE(parse_csv("a,b,label\n-0.5,0.25,0\n0.5,0.75,1\n", {.label_column = "label"})->warnings.empty());
}

TEST(FieldCases, AllColumnsWithoutNumbersAreNamedAtOnceWithTheFlagsThatGoOn) {
  const std::string text = rows_of(
      20,
      [](std::size_t i) {
        return fmt::format("{},2010-01-{:02},{},{},{}", i + 1, i + 1, i % 3 == 0 ? "NW" : "SE",
                           1.5 * static_cast<double>(i % 7), i % 2 == 0 ? "Iris-setosa" : "Iris-virginica");
      },
      "No,day,cbwd,Iws,Species\n");
  const Error error = error_of(text);
  EXPECT_EQ(error.code, ErrorCode::table_cell);
  for (const char* name : {"\"day\" (dates", "\"cbwd\" (words", "\"Species\" (words"})
    EXPECT_TRUE(holds(error.message, name)) << error.message;
  EXPECT_TRUE(holds(error.fix, "--label Species --drop No,day,cbwd")) << error.fix;
  const auto table = parse_csv(text, {.label_column = "Species", .drop = {"No", "day", "cbwd"}});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"Iws"}));
  const auto numeric = parse_csv(text, {.numeric_only = true});
  ASSERT_TRUE(numeric.has_value()) << numeric.error().message;
  EXPECT_EQ(numeric->columns, (std::vector<std::string>{"No", "Iws"}));
  const Warning* left_out = find(numeric->warnings, WarningCode::columns_left_out);
  ASSERT_NE(left_out, nullptr);
  EXPECT_TRUE(holds(left_out->message, "3 columns were left out")) << left_out->message;
}

/// A table of so many columns of words and row numbers, one that single precision loses, and two features.
std::string wide_table(std::size_t words, std::size_t ids) {
  std::string text = "x,y,stamp";
  for (std::size_t i = 0; i < words; ++i) text += fmt::format(",a-column-of-words-{}", i);
  for (std::size_t i = 0; i < ids; ++i) text += fmt::format(",{}_id", i);
  text += ",Species\n";
  for (std::size_t r = 0; r < 20; ++r) {
    text += fmt::format("{}.5,{}.25,{}", r * 7 % 13, r * 5 % 11, 1'700'000'000 + r * 3 % 7);
    for (std::size_t i = 0; i < words; ++i) text += r % 2 == 0 ? ",yes" : ",no";
    for (std::size_t i = 0; i < ids; ++i) text += fmt::format(",{}", r + 1);
    text += r % 3 == 0 ? ",setosa\n" : ",virginica\n";
  }
  return text;
}

TEST(FieldCases, AdviceForManyColumnsIsShortAndWorks) {
  const std::string some_ids = wide_table(500, 3), many_ids = wide_table(500, 900), ids = wide_table(2, 900);
  const Error error = error_of(some_ids);
  EXPECT_TRUE(holds(error.fix, "--label Species --numeric-only --drop 0_id,1_id,2_id")) << error.fix;
  const auto table = parse_csv(
      some_ids, {.label_column = "Species", .drop = {"0_id", "1_id", "2_id"}, .numeric_only = true});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"x", "y"}));
  for (const std::string& text : {many_ids, ids}) {
    const Error refused = error_of(text);
    EXPECT_TRUE(holds(refused.fix, "--label Species --numeric-only")) << refused.fix;
    EXPECT_FALSE(holds(refused.fix, "--drop")) << refused.fix;
    EXPECT_LT(refused.fix.size(), 600u);
    const auto left = parse_csv(text, {.label_column = "Species", .numeric_only = true});
    ASSERT_TRUE(left.has_value()) << left.error().message;
    const Warning* warning = find(left->warnings, WarningCode::id_suspected);
    ASSERT_NE(warning, nullptr);
    EXPECT_TRUE(holds(warning->message, "900 columns would be long") && holds(warning->message, "--columns"))
        << warning->message;
    EXPECT_LT(warning->message.size(), 800u);
  }
}

TEST(FieldCases, AdviceAfterALabelNamesTheOtherColumns) {
  const Error error = error_of("a,pm2.5,cbwd\n1,2.5,NW\n2,NA,SE\n", {.label_column = "pm2.5"});
  EXPECT_EQ(error.message, "\"NW\" is not a number");
  EXPECT_EQ(error.where, "line 2, column \"cbwd\"");
  EXPECT_TRUE(holds(error.fix, "--drop cbwd") && !holds(error.fix, "--label")) << error.fix;
  EXPECT_TRUE(holds(error_of("a,b\n1,2\n", {.label_column = "a,b"}).fix, "--drop takes several"));
  EXPECT_TRUE(holds(error_of("-a,b\nx,1.5\ny,2.5\n").fix, "--drop '#1'")) << "\"-a\" would be an option";
}

TEST(FieldCases, ColumnsAreChosenByNameInTheOrderThatIsGiven) {
  const auto table = parse_csv("c,b,a\n1,2,3\n4,5,6\n", {.columns = {"a", "c"}});
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(table->values(1, 0), 6.0F);
  EXPECT_EQ(table->values(1, 1), 4.0F);
}

TEST(FieldCases, AnEmptyLineOfOneColumnIsARow) {
  for (const char* text : {"x\n1\n\n3\n\n5\n\n7\n", "x\n1\n\"\"\n3\n\"\"\n5\n\"\"\n7\n",
                           "x\r\n1\r\nNA\r\n3\r\n\r\n5\r\nNA\r\n7\r\n\r\n"}) {
    const auto table = parse_csv(text);
    ASSERT_TRUE(table.has_value()) << table.error().message;
    ASSERT_EQ(table->values.rows(), 7u) << text;
    EXPECT_TRUE(std::isnan(table->values(1, 0)) && std::isnan(table->values(5, 0)));
    EXPECT_EQ(table->values(6, 0), 7.0F);
  }
}

TEST(FieldCases, BlankLinesBetweenRowsAreSaid) {
  const auto table = parse_csv("a,b\n1,2.5\n\n3,4\n\n\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->values.rows(), 2u);
  const Warning* warning = find(table->warnings, WarningCode::lines_skipped);
  ASSERT_NE(warning, nullptr);
  EXPECT_EQ(warning->facts, (Json{{"count", 1}, {"line", 3}}));
  EXPECT_TRUE(parse_csv("a,b\n1,2.5\n3,4\n\n\n")->warnings.empty());
}

TEST(FieldCases, RowsOfAnotherLengthAndFootersAreNamedWithTheirLines) {
  const Error one = error_of("a,b\n1,2\n3,4\n5,6\nTotal: 3 rows\n", {.source = "my data.csv"});
  EXPECT_EQ(one.code, ErrorCode::table_syntax);
  EXPECT_EQ(one.where, "line 5");
  EXPECT_TRUE(holds(one.fix, "sed '5d' 'my data.csv' > table.csv")) << one.fix;
  EXPECT_TRUE(holds(error_of("a,b\n1,2\n3\n", {.source = "x.csv.gz"}).fix, "<(gzip -dc x.csv.gz)"));
  EXPECT_TRUE(holds(error_of("1 2.5\n3 4.5\n").fix, "s/  */,/g"));
  const Error two = error_of("a,b\n1,2,9\n3,4\n5,6\n7,8\n1\n");
  EXPECT_TRUE(holds(two.message, "2 rows have another number of cells")) << two.message;
  EXPECT_EQ(two.where, "lines 2, 6");
}

TEST(FieldCases, LinesBeforeTheTableAreNamed) {
  const Error preface = error_of(
      "\"Data "
      "Source\",x\n\n\"Updated\",y\n\nname,a,b\n1,2.5,3\n2,3.5,4\n3,4.5,5\n4,5,6\n5,6,7\n6,7,8\n7,8,9\n");
  EXPECT_TRUE(holds(preface.fix, "tail -n +5 FILE")) << preface.message << preface.fix;
  const Error rownames = error_of("a,b\n1,2.5,3\n2,3.5,4\n3,4.5,5\n");
  EXPECT_TRUE(holds(rownames.fix, "sed '1s/^/row,/'")) << rownames.message << rownames.fix;
  const auto comments = parse_csv("# made by x\n# 2024\na,b\n1,2.5\n3,4\n");
  ASSERT_TRUE(comments.has_value()) << comments.error().message;
  EXPECT_TRUE(contains(comments->warnings, WarningCode::lines_skipped));
  const auto saved = parse_csv("# a,b\n1.5,2.5\n3,4\n");
  ASSERT_TRUE(saved.has_value()) << saved.error().message;
  EXPECT_EQ(saved->columns, (std::vector<std::string>{"a", "b"}));
}

TEST(FieldCases, ARepeatedNameIsNoLabelAndIsWarnedOf) {
  const std::string text = "a,label,b,label\n1.5,0,2.5,0\n2.5,1,1.5,1\n";
  const Error error = error_of(text, {.label_column = "label"});
  EXPECT_EQ(error.code, ErrorCode::table_column);
  EXPECT_TRUE(holds(error.message, "2 columns, 2 and 4")) << error.message;
  const auto table = parse_csv(text, {.label_column = "#4", .drop = {"#2"}});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "b"}));
  const auto left_in = parse_csv(text);
  ASSERT_TRUE(left_in.has_value());
  const Warning* suspected = find(left_in->warnings, WarningCode::label_suspected);
  ASSERT_NE(suspected, nullptr);
  EXPECT_TRUE(holds(suspected->message, "--label '#2' --drop '#4'")) << suspected->message;
  EXPECT_TRUE(contains(parse_csv("a,a,b\n1.5,2,3\n2,1.5,4\n")->warnings, WarningCode::names_repeated));
}

TEST(FieldCases, AMessageNeverRepeatsALongInput) {
  std::string wide, longest(4000, 'g');
  for (int i = 0; i < 4000; ++i) wide += fmt::format("{}g{}", i > 0 ? "," : "", i);
  for (const Error& error :
       {error_of(wide + "\n", {.label_column = "nope"}), error_of(longest + "\nx\n"),
        error_of(std::string(40'000, 'g')), error_of("a\n" + std::string(40'000, 'g') + "\n")})
    EXPECT_LT(error.message.size() + error.where.size() + error.fix.size(), 3000u)
        << error.message.substr(0, 100);
}

TEST(FieldCases, ValuesThatSinglePrecisionMakesOneAreRefused) {
  const auto column = [](double first, double step) {
    std::string text = "ts\n";
    for (int i = 0; i < 60; ++i) text += fmt::format("{:.0f}\n", first + i * step);
    return text;
  };
  for (const std::string& text : {column(1.7e9, 1), column(1.7e9, -1), column(100000003, 0)}) {
    const Error error = error_of(text);
    EXPECT_EQ(error.code, ErrorCode::table_precision) << error.message;
    EXPECT_TRUE(holds(error.fix, "subtract one fixed number")) << error.fix;
  }
  EXPECT_TRUE(parse_csv(column(100000000, 0)).has_value()) << "this number is one of single precision";
  EXPECT_TRUE(parse_csv(column(1.7e9, 86400)).has_value()) << "days apart";
  EXPECT_TRUE(parse_csv(column(1e6, 1)).has_value());
  const auto two = [](int first) { return fmt::format("x\n{}\n{}\n{}\n", first, first + 1, first); };
  EXPECT_TRUE(parse_csv(two(10'000'000)).has_value()) << "single precision has both numbers";
  EXPECT_TRUE(parse_csv(two(16'777'215)).has_value());
  EXPECT_EQ(error_of(two(16'777'216)).code, ErrorCode::table_precision);
  EXPECT_EQ(error_of(column(1e8, 1)).code, ErrorCode::table_precision);
  const auto mended = parse_csv("ts,x\n1700000000,1\n1700000001,2\n", {.drop = {"ts"}});
  EXPECT_TRUE(mended.has_value());
}

TEST(FieldCases, FilledCellsAreAWarningWithACode) {
  const auto table = parse_csv("a,b\n1,2\n,3\n3,NA\n");
  ASSERT_TRUE(table.has_value());
  ReducerOptions options;
  options.measured_rows = 0;  // as a search asks
  const auto reduced = reduce(table->values.view(), options, *compute::open_backend("cpu_reference").value());
  ASSERT_TRUE(reduced.has_value());
  const Warning* filled = find(reduced->warnings, WarningCode::cells_filled);
  ASSERT_NE(filled, nullptr);
  EXPECT_EQ(filled->facts, (Json{{"count", 2}}));
}

TEST(FieldCases, RowsWithoutAnyValueAreSaid) {
  const auto table = parse_csv("a;b\n1,5;2\n;\n2,5;3\n;\n");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->values.rows(), 4u);
  const Warning* warning = find(table->warnings, WarningCode::rows_empty);
  ASSERT_NE(warning, nullptr);
  EXPECT_TRUE(holds(warning->message, "lines 3, 5")) << warning->message;
}

TEST(FieldCases, DatesAsNumbersAndDrownedColumnsAreWarnedOf) {
  const auto table = parse_csv("when,a,b\n20240131,0.5,3\n20240229,0.25,1\n20240110,0.75,2\n");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_TRUE(contains(table->warnings, WarningCode::date_suspected));
  const auto wine = parse_csv("proline,hue\n1065,1.04\n350,1.5\n1480,0.6\n");
  ASSERT_TRUE(wine.has_value());
  const Warning* drowned = find(wine->warnings, WarningCode::columns_drowned);
  ASSERT_NE(drowned, nullptr);
  EXPECT_EQ(drowned->facts->at("widest"), "proline");
  EXPECT_FALSE(contains(parse_csv("a,b\n10,1.04\n35,1.5\n14,3.6\n")->warnings, WarningCode::columns_drowned));
}

}  // namespace
}  // namespace learndock::sketch
