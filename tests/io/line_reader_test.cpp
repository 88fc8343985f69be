#include "io/line_reader.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <unistd.h>

namespace learndock::io {
namespace {

class LineReaderTest : public ::testing::Test {
 protected:
  ~LineReaderTest() override { std::filesystem::remove(path_); }
  std::vector<std::string> lines(const std::string& text, std::size_t max) {
    std::ofstream(path_, std::ios::binary) << text;
    LineReader reader(path_, max);
    EXPECT_TRUE(reader.open().has_value());
    std::vector<std::string> all;
    std::string line;
    while (reader.next(line).value()) all.push_back(reader.too_long() ? "(long)" : line);
    EXPECT_EQ(reader.bytes_read(), text.size());
    return all;
  }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("learndock_lines_" + std::to_string(::getpid()));
};

TEST_F(LineReaderTest, LinesWithAndWithoutALastEnd) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(lines("", 10), Lines{});
  EXPECT_EQ(lines("a\n\nb", 10), (Lines{"a", "", "b"}));
  EXPECT_EQ(lines("a\nb\n", 10), (Lines{"a", "b"}));
}

TEST_F(LineReaderTest, ALongLineIsPassedOverAndTheNextOneRead) {
  const std::string big(std::size_t{3} << 20, 'x');  // longer than the buffer
  EXPECT_EQ(lines("a\n" + big + "\n0123456789\n0123456789A\nb", 10),
            (std::vector<std::string>{"a", "(long)", "0123456789", "(long)", "b"}));
  EXPECT_EQ(lines(big + "\nb", big.size()), (std::vector<std::string>{big, "b"}));
}

}  // namespace
}  // namespace learndock::io
