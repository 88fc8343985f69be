// .npy arrays: every type of numbers, both byte orders and layouts; what is no table is refused with its
// cure.
#include "learndock/sketch/table.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::sketch {
namespace {

std::string array_of(const std::string& descr, bool fortran, const std::string& shape,
                     const std::string& data) {
  std::string header = "{'descr': " + descr + ", 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  header.resize((header.size() + 10) / 64 * 64 + 64 - 11, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

template <class T>
std::string bytes_of(const std::vector<T>& values, bool big) {
  std::string bytes;
  for (const T value : values) {
    std::string one(reinterpret_cast<const char*>(&value), sizeof value);
    if (big) std::reverse(one.begin(), one.end());
    bytes += one;
  }
  return bytes;
}

template <class T>
void expect_type(const std::string& kind) {
  const std::vector<T> values = {T(1), T(2), T(3), T(40), T(5), T(6)},
                       columns = {T(1), T(40), T(2), T(5), T(3), T(6)};
  for (const bool big : {false, true}) {
    const std::string descr = std::string(big ? "'>" : "'<") + kind + std::to_string(sizeof(T)) + "'";
    const auto rows = parse_npy(array_of(descr, false, "(2, 3)", bytes_of(values, big)));
    ASSERT_TRUE(rows.has_value()) << descr << rows.error().message;
    EXPECT_EQ(rows->values(0, 2), 3.0F) << descr;
    EXPECT_EQ(rows->values(1, 0), 40.0F) << descr;
    const auto transposed = parse_npy(array_of(descr, true, "(2, 3)", bytes_of(columns, big)));
    ASSERT_TRUE(transposed.has_value()) << descr;
    EXPECT_EQ(transposed->values, rows->values) << descr;
  }
}

TEST(NpyTypes, AllAreReadInBothByteOrdersAndLayouts) {
  expect_type<std::int8_t>("i");
  expect_type<std::int16_t>("i");
  expect_type<std::int32_t>("i");
  expect_type<std::int64_t>("i");
  expect_type<std::uint8_t>("u");
  expect_type<std::uint16_t>("u");
  expect_type<std::uint32_t>("u");
  expect_type<std::uint64_t>("u");
  expect_type<float>("f");
  expect_type<double>("f");
}

TEST(NpyTypes, NegativeNumbersHalvesAndTruths) {
  const auto small = parse_npy(array_of("'>i2'", false, "(1, 2)", bytes_of<std::int16_t>({-2, 7}, true)));
  ASSERT_TRUE(small.has_value());
  EXPECT_EQ(small->values(0, 0), -2.0F);
  const auto finite = parse_npy(
      array_of("'<f2'", false, "(1, 4)", bytes_of<std::uint16_t>({0x3C00, 0xC000, 0x0001, 0x3555}, false)));
  ASSERT_TRUE(finite.has_value()) << finite.error().message;
  EXPECT_EQ(finite->values(0, 0), 1.0F);
  EXPECT_EQ(finite->values(0, 1), -2.0F);
  EXPECT_EQ(finite->values(0, 2), std::ldexp(1.0F, -24));
  EXPECT_NEAR(finite->values(0, 3), 1.0 / 3, 1e-4);
  const auto truths = parse_npy(array_of("'|b1'", false, "(2, 1)", std::string("\x01\x00", 2)));
  ASSERT_TRUE(truths.has_value());
  EXPECT_EQ(truths->values(0, 0), 1.0F);
}

TEST(NpyTypes, AShapeThatIsNoTableIsNamedWithItsCure) {
  const std::string six = bytes_of<double>({1, 2, 3, 4, 5, 6}, false);
  const auto line = parse_npy(array_of("'<f8'", false, "(6,)", six), {.source = "x.npy"}),
             cube = parse_npy(array_of("'<f8'", false, "(1, 2, 3)", six), {.source = "x.npy"});
  ASSERT_FALSE(line.has_value() || cube.has_value());
  EXPECT_NE(line.error().message.find("(6,)"), std::string::npos) << line.error().message;
  EXPECT_NE(line.error().fix.find("numpy.load('x.npy').reshape(-1, 1)"), std::string::npos)
      << line.error().fix;
  EXPECT_NE(cube.error().message.find("(1, 2, 3)"), std::string::npos) << cube.error().message;
  EXPECT_NE(cube.error().fix.find(".reshape(len("), std::string::npos) << cube.error().fix;
  EXPECT_FALSE(parse_npy(array_of("'<f8'", false, "()", bytes_of<double>({1}, false))).has_value());
}

TEST(NpyTypes, ElementsThatAreNoNumbersAreNamedWithTheirCure) {
  for (const auto& [descr, cure] :
       std::vector<std::pair<std::string, std::string>>{{"'|O'", "allow_pickle=True"},
                                                        {"'<c16'", ".view('float64')"},
                                                        {"'<U3'", ".astype('float64')"},
                                                        {"'<f16'", ".astype('float64')"},
                                                        {"[('a', '<f8')]", "structured_to_unstructured"}}) {
    const auto table = parse_npy(array_of(descr, false, "(1, 1)", std::string(16, '\0')));
    ASSERT_FALSE(table.has_value()) << descr;
    EXPECT_EQ(table.error().code, ErrorCode::table_npy);
    EXPECT_NE(table.error().fix.find(cure), std::string::npos) << table.error().fix;
  }
}

TEST(NpyTypes, ColumnsAreChosenByPositionAndLargeNumbersAreRefused) {
  const std::string data = bytes_of<std::int64_t>({1700000000, 1, 1700000001, 2, 1700000002, 9}, false);
  const auto whole = parse_npy(array_of("'<i8'", false, "(3, 2)", data));
  ASSERT_FALSE(whole.has_value());
  EXPECT_EQ(whole.error().code, ErrorCode::table_precision) << whole.error().message;
  EXPECT_NE(whole.error().fix.find("--drop '#1'"), std::string::npos) << whole.error().fix;
  const auto left = parse_npy(array_of("'<i8'", false, "(3, 2)", data), {.drop = {"#1"}});
  ASSERT_TRUE(left.has_value()) << left.error().message;
  EXPECT_EQ(left->values.cols(), 1u);
  EXPECT_EQ(left->values(2, 0), 9.0F);
}

TEST(NpyTypes, NumericOnlyLeavesOutWhatCannotBeRead) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::string data =
      bytes_of<double>({1700000000, kNone, 1.5, 1700000001, kNone, 2.5, 1700000002, kNone, 0.5}, false);
  const std::string array = array_of("'<f8'", false, "(3, 3)", data);
  EXPECT_FALSE(parse_npy(array).has_value());
  const auto table = parse_npy(array, {.numeric_only = true});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  ASSERT_EQ(table->values.cols(), 1u);
  EXPECT_EQ(table->values(1, 0), 2.5F);
  EXPECT_TRUE(contains(table->warnings, WarningCode::columns_left_out));
  EXPECT_EQ(parse_npy(array, {.columns = {"#1", "#2"}, .numeric_only = true}).error().code,
            ErrorCode::table_column);
}

TEST(NpyTypes, OptionsThatSayHowTextIsReadAreRefused) {
  const std::string array = array_of("'<f8'", false, "(1, 2)", bytes_of<double>({1, 2}, false));
  for (const TableOptions& options :
       {TableOptions{.delimiter = ';'}, TableOptions{.decimal = ','},
        TableOptions{.encoding = TextEncoding::utf8}, TableOptions{.header = false}}) {
    const auto table = parse_npy(array, options);
    ASSERT_FALSE(table.has_value());
    EXPECT_EQ(table.error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(table.error().where.starts_with("--")) << table.error().where;
  }
}

TEST(NpyTypes, LargeArraysAreTheSameInBothLayouts) {
  constexpr std::size_t kRows = 3000, kColumns = 3;  // several blocks of rows, and a part of one
  std::vector<double> rows(kRows * kColumns), columns(kRows * kColumns);
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t c = 0; c < kColumns; ++c)
      rows[r * kColumns + c] = columns[c * kRows + r] = static_cast<double>((r * 7 + c * 11) % 101) / 4;
  const auto one = parse_npy(array_of("'<f8'", false, "(3000, 3)", bytes_of(rows, false)));
  const auto other = parse_npy(array_of("'<f8'", true, "(3000, 3)", bytes_of(columns, false)));
  ASSERT_TRUE(one.has_value() && other.has_value());
  EXPECT_EQ(one->values, other->values);
  EXPECT_EQ(one->warnings, other->warnings);
}

class NpyProfiles : public ::testing::Test {
 protected:
  Result<TableProfile> profile(std::string_view bytes, const TableOptions& options = {}) {
    const auto path = folder_.path() / "x.npy";
    EXPECT_TRUE(io::write_file_atomically(path, bytes).has_value());
    return profile_table(path, options);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(NpyProfiles, HonourTheOptionsThatChooseColumns) {
  const std::string array =
      array_of("'<f4'", false, "(2, 3)", bytes_of<float>({1, 2.5F, 3, 4, 0.5F, 6}, false));
  const auto features = [&](const TableOptions& options) {
    const auto shown = profile(array, options);
    EXPECT_TRUE(shown.has_value());
    std::string text;
    if (shown)
      for (const ColumnProfile& column : shown->columns) text += column.chosen ? column.name : "";
    return text;
  };
  EXPECT_EQ(features({}), "#1#2#3");
  EXPECT_EQ(features({.label_column = "#3"}), "#1#2");
  EXPECT_EQ(features({.drop = {"#1"}}), "#2#3");
  EXPECT_EQ(features({.columns = {"#2"}}), "#2");
  EXPECT_EQ(profile(array, {.drop = {"#4"}}).error().code, ErrorCode::table_column);
  EXPECT_EQ(profile(array, {.header = true}).error().code, ErrorCode::invalid_argument);
}

/// A column without a value in the first rows was called of no use, and a specification could be made of it.
TEST_F(NpyProfiles, OfTheFirstRowsAloneCallNothingUnusable) {
  constexpr std::size_t kRows = 1'100'000;
  std::vector<float> values(2 * kRows);
  for (std::size_t r = 0; r < kRows; ++r) {
    values[2 * r] = static_cast<float>(r % 97);
    values[2 * r + 1] = r + 1 < kRows ? std::nanf("") : 1.0F;
  }
  const std::string array = array_of("'<f4'", false, "(1100000, 2)", bytes_of(values, false));
  const auto shown = profile(array);
  ASSERT_TRUE(shown.has_value()) << shown.error().message;
  EXPECT_LT(shown->profiled_rows, shown->rows);
  EXPECT_EQ(shown->unusable, "");
  EXPECT_EQ(shown->flags, "");
  EXPECT_TRUE(TableFile::open(folder_.path() / "x.npy").has_value());
  EXPECT_EQ(profile(array, {.drop = {"#1"}})->profiled_rows, kRows) << "it is read whole to be copied";
}

}  // namespace
}  // namespace learndock::sketch
