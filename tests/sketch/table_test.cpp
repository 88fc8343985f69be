#include "learndock/sketch/table.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace learndock::sketch {
namespace {

ErrorCode csv_error(std::string_view text, const std::string& label = "") {
  const auto result = parse_csv(text, {.label_column = label});
  EXPECT_FALSE(result.has_value()) << text;
  return result ? ErrorCode::internal : result.error().code;
}

TEST(Csv, ReadsQuotesLineEndsMissingCellsAndLeavesTheLabelOut) {
  const auto table =
      parse_csv("\xEF\xBB\xBF\"a \"\"x\"\"\",b,label\r\n1,2.5e1,cat\r\n\r\n NA ,-3,\"d,\nog\"\n",
                {.label_column = "label"});
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a \"x\"", "b"}));
  ASSERT_EQ(table->values.rows(), 2u);
  EXPECT_EQ(table->values(0, 1), 25.0F);
  EXPECT_TRUE(std::isnan(table->values(1, 0)));
  EXPECT_EQ(table->values(1, 1), -3.0F);
}

TEST(Csv, ColumnNumbersAreAHeader) {
  EXPECT_EQ(parse_csv("0,1\n5,6\n")->values.rows(), 1u);
  EXPECT_EQ(parse_csv("1,2,3\n5,6,7\n")->values.rows(), 1u);
}

TEST(Csv, AHeaderlessTableOfWholeNumbersDoesNotLoseItsFirstRow) {
  for (const char* text : {"63,145,233,150,1\n37,130,250,187,0\n", "0,2\n1,1\n", "1,0\n1,1\n", "5\n6\n",
                           "5.1,3.5,setosa\n4.9,3,setosa\n"}) {
    const auto table = parse_csv(text);
    ASSERT_FALSE(table.has_value()) << text;
    EXPECT_EQ(table.error().code, ErrorCode::table_syntax);
    EXPECT_NE(table.error().message.find("not a header"), std::string::npos);
  }
}

TEST(Csv, RefusesBadInput) {
  EXPECT_EQ(csv_error(""), ErrorCode::table_empty);
  EXPECT_EQ(csv_error("a,b\n"), ErrorCode::table_empty);
  EXPECT_EQ(csv_error("0.5,1.5\n1,2\n"), ErrorCode::table_syntax);
  EXPECT_EQ(csv_error("a,b\n1\n"), ErrorCode::table_syntax);
  EXPECT_EQ(csv_error("a\n\"1\n"), ErrorCode::table_syntax);
  EXPECT_EQ(csv_error("a\n\"1\"2\n"), ErrorCode::table_syntax);
  EXPECT_EQ(csv_error("a,b\n1,cat\n"), ErrorCode::table_cell);
  EXPECT_EQ(csv_error("a,b\n1,2\n", "c"), ErrorCode::table_column);
  EXPECT_EQ(csv_error("a\n1\n", "a"), ErrorCode::table_column);
  EXPECT_EQ(parse_csv("a,b\n1,2\n3,cat\n").error().where, "line 3, column \"b\"");
}

template <class T>
std::string npy(std::string_view descr, bool fortran, std::string_view shape, const std::vector<T>& values,
                bool aligned = true) {
  std::string header = "{'descr': '" + std::string(descr) +
                       "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': " + std::string(shape) + ", }";
  // As numpy does: the values begin at a multiple of 64.
  header.resize((header.size() + 10) / 64 * 64 + 64 - 11 + (aligned ? 0 : 1), ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return bytes;
}

TEST(Npy, ReadsBothOrdersAndTypes) {
  const auto rows = parse_npy(npy<double>("<f8", false, "(2, 3)", {1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(rows.has_value()) << rows.error().message;
  EXPECT_EQ(rows->values(1, 0), 4.0F);
  const auto columns = parse_npy(npy<float>("<f4", true, "(2, 3)", {1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(columns->values, rows->values);
  EXPECT_EQ(parse_npy(npy<std::uint8_t>("|u1", false, "(1, 2)", {7, 255}))->values(0, 1), 255.0F);
  EXPECT_EQ(parse_npy(npy<std::int64_t>("<i8", false, "(1, 1)", {-9}))->values(0, 0), -9.0F);
}

TEST(Npy, EveryTruncationIsAnError) {
  const std::string bytes = npy<double>("<f8", false, "(2, 3)", {1, 2, 3, 4, 5, 6});
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(parse_npy(std::string_view(bytes).substr(0, length)).has_value()) << length;
}

TEST(Npy, RefusesWhatIsNotATable) {
  EXPECT_EQ(parse_npy(npy<double>("<f8", false, "(6,)", {1, 2, 3, 4, 5, 6})).error().code,
            ErrorCode::table_npy);
  EXPECT_EQ(parse_npy(npy<double>("<f8", false, "(1, 2, 3)", {1, 2, 3, 4, 5, 6})).error().code,
            ErrorCode::table_npy);
  EXPECT_EQ(parse_npy(npy<double>("|O8", false, "(1, 1)", {1})).error().code, ErrorCode::table_npy);
  EXPECT_EQ(parse_npy(npy<double>("<f8", false, "(0, 3)", {})).error().code, ErrorCode::table_empty);
  EXPECT_FALSE(parse_npy(npy<double>("<f8", false, "(99999999999, 99999999999)", {1})).has_value());
}

TEST(Table, UnderflowIsZeroHoweverItIsWritten) {
  const auto table = parse_csv("a,b,c\n1E-400,1e-400,1E400\n1,2,3\n");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->values(0, 0), 0);
  EXPECT_EQ(table->values(0, 1), 0);
  EXPECT_TRUE(std::isnan(table->values(0, 2)));
}

class TableFiles : public ::testing::Test {
 protected:
  Result<TableFile> open(std::string_view bytes, const std::string& label = "") {
    const auto path = folder_.path() / "data";
    EXPECT_TRUE(io::write_file_atomically(path, bytes).has_value());
    return TableFile::open(path, {.label_column = label});
  }
  testing::TemporaryFolder folder_;
};

TEST_F(TableFiles, FloatsInRowsStayInTheirFile) {
  const auto table = open(npy<float>("<f4", false, "(2, 3)", {1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_TRUE(table->in_place());
  const TableFile copy = *table;
  ASSERT_EQ(copy.values().rows(), 2u);
  ASSERT_EQ(copy.values().cols(), 3u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(copy.values()(i / 3, i % 3), static_cast<float>(i + 1));
}

TEST_F(TableFiles, AllElseIsReadAsBefore) {
  const auto doubles = open(npy<double>("<f8", false, "(1, 2)", {1, 2})),
             columns = open(npy<float>("<f4", true, "(2, 2)", {1, 2, 3, 4})),
             odd = open(npy<float>("<f4", false, "(1, 2)", {8, 9}, false)), csv = open("a,b,c\n1,2,3\n", "b");
  ASSERT_TRUE(doubles.has_value() && columns.has_value() && odd.has_value() && csv.has_value());
  EXPECT_FALSE(doubles->in_place() || columns->in_place() || odd->in_place() || csv->in_place());
  EXPECT_EQ(doubles->values()(0, 1), 2.0F);
  EXPECT_EQ(columns->values()(0, 1), 3.0F);
  EXPECT_EQ(odd->values()(0, 1), 9.0F);
  EXPECT_EQ(csv->values().cols(), 2u);
  EXPECT_EQ(csv->values()(0, 1), 3.0F);
}

TEST_F(TableFiles, ErrorsAreThoseOfReading) {
  const std::string bytes = npy<float>("<f4", false, "(2, 3)", {1, 2, 3, 4, 5, 6});
  for (std::size_t length = 0; length < bytes.size(); length += 7)
    EXPECT_FALSE(open(bytes.substr(0, length)).has_value()) << length;
  EXPECT_EQ(open(bytes, "label").error().code, ErrorCode::table_column);
  EXPECT_EQ(open("").error().code, ErrorCode::table_empty);
  EXPECT_EQ(TableFile::open(folder_.path() / "none").error().code, ErrorCode::not_found);
  EXPECT_FALSE(TableFile::open(folder_.path()).has_value());
}

}  // namespace
}  // namespace learndock::sketch
