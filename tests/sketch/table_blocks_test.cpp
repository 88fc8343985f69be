// A table read in blocks is the table that is read at once.
#include "learndock/sketch/table_blocks.hpp"

#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

namespace learndock::sketch {
namespace {

using learndock::testing::TemporaryFolder;

class TableInBlocks : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }

  void expect_same(const std::string& name, const std::string& bytes,
                   const TableOptions& options = {}) const {
    const auto path = write(name, bytes);
    const auto whole = read_table(path, options);
    ASSERT_TRUE(whole) << name << describe(whole.error());
    for (const std::size_t most : {std::size_t{1}, std::size_t{3}, std::size_t{100'000}}) {
      auto blocks = TableBlocks::open(path, options);
      ASSERT_TRUE(blocks) << name << describe(blocks.error());
      EXPECT_EQ(blocks->columns(), whole->columns) << name;
      EXPECT_EQ(blocks->sample(), std::vector<std::size_t>{whole->values.cols()}) << name;
      std::vector<float> values;
      while (true) {
        const auto block = blocks->next(most);
        ASSERT_TRUE(block) << name << describe(block.error());
        ASSERT_LE(block->rows(), most);
        if (block->rows() == 0) break;
        values.insert(values.end(), block->values().begin(), block->values().end());
      }
      ASSERT_EQ(values.size(), whole->values.values().size()) << name << " by " << most;
      // Bytes, because NaN is not equal to itself.
      EXPECT_EQ(std::memcmp(values.data(), whole->values.values().data(), 4 * values.size()), 0) << name;
      EXPECT_DOUBLE_EQ(blocks->done(), 1) << name;
    }
  }
  TemporaryFolder folder_;
};

TEST_F(TableInBlocks, CsvInItsDialects) {
  expect_same("plain.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n");
  expect_same("gaps.csv", "a,b\n1,\n,4\n\n5,NA\n7,8\n");
  expect_same("german.csv", "a;b\n1,5;2\n3;4,25\n5;6\n");
  expect_same("quoted.csv", "\"a\",\"b, c\"\r\n\"1\",\"2\"\r\n3,4\r\n");
  TableOptions bare;
  bare.header = false;
  expect_same("bare.csv", "1.5,2\n3.25,4\n5,6.125\n", bare);
  expect_same("single.csv", "a\n1\n\n2\n3\n");
  expect_same("bom.csv",
              "\xEF\xBB\xBF"
              "a,b\n1,2\n3,5\n");
  expect_same("comment.csv", "# made by hand\na,b\n1,2\n3,5\n");
  expect_same("utf16.csv", std::string("\xFF\xFE"
                                       "a\0,\0b\0\n\0"
                                       "1\0,\0"
                                       "2\0\n\0"
                                       "3\0,\0"
                                       "4\0\n\0",
                                       26));
}

TEST_F(TableInBlocks, WithOptions) {
  const std::string text = "id,x,y,label\nq1,1,2,a\nq2,3,4,b\nq3,5,7,a\n";
  TableOptions options;
  options.label_column = "label";
  options.drop = {"id"};
  expect_same("dropped.csv", text, options);
  TableOptions named;
  named.columns = {"y", "x"};
  expect_same("named.csv", text, named);
  TableOptions numeric;
  numeric.numeric_only = true;
  expect_same("numeric.csv", text, numeric);
}

TEST_F(TableInBlocks, LongTablesBeyondTheRowsThatAreLookedAt) {
  std::string text = "a,b,c\n";
  for (int i = 0; i < 30'000; ++i) text += fmt::format("{},{},{}\n", i, i * 0.5, i % 7);
  expect_same("long.csv", text);
}

TEST_F(TableInBlocks, ArraysOfNumbers) {
  const auto npy = [](std::string_view type, const std::string& shape, const std::string& bytes) {
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
    header.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + bytes;
  };
  const std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  const std::string bytes(reinterpret_cast<const char*>(floats.data()), 24);
  expect_same("f4.npy", npy("<f4", "(3, 2)", bytes));
  expect_same("u1.npy", npy("|u1", "(12, 2)", bytes));
  TableOptions options;
  options.drop = {"#1"};
  expect_same("drop.npy", npy("<f4", "(3, 2)", bytes), options);
  auto images = TableBlocks::open(write("images.npy", npy("<f4", "(1, 2, 3)", bytes)));
  ASSERT_TRUE(images) << describe(images.error());
  EXPECT_EQ(images->sample(), (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(images->next(9).value().values(), floats);
  EXPECT_FALSE(
      TableBlocks::open(write("huge.npy", npy("<f4", "(4294967296, 4294967296, 4294967296)", bytes))));
}

TEST_F(TableInBlocks, AFileThatIsNoTableIsRefused) {
  EXPECT_FALSE(TableBlocks::open(folder_ / "missing.csv"));
  EXPECT_FALSE(TableBlocks::open(write("words.csv", "a,b\nx,y\nz,w\n")));
  EXPECT_FALSE(TableBlocks::open(write("empty.csv", "")));
}

}  // namespace
}  // namespace learndock::sketch
