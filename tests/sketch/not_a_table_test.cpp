// Files that are not tables as text: what they are is said, with one line that makes a table of them. Packed
// tables are read.
#include "learndock/sketch/table.hpp"

#include "io/file.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zstd.h>

namespace learndock::sketch {
namespace {

using namespace std::string_literals;

constexpr std::string_view kTable = "a,b\n1.5,2\n3,4.5\n";

std::string gzipped(std::string_view text) {
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstandard(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

class Files : public ::testing::Test {
 protected:
  Result<Table> read(std::string_view bytes, const TableOptions& options = {}) {
    const auto path = folder_.path() / "my data";
    EXPECT_TRUE(io::write_file_atomically(path, bytes).has_value());
    return read_table(path, options);
  }
  testing::TemporaryFolder folder_;
};

TEST_F(Files, OfAnotherKindAreNamedWithALineThatConvertsThem) {
  struct Case {
    std::string bytes;
    const char *name, *cure;
  };
  for (const Case& one : std::vector<Case>{{"PK\x03\x04....[Content_Types].xml"s, "Excel", "read_excel('"},
                                           {"PK\x03\x04....arr_0.npy"s, ".npz", "numpy.load('"},
                                           {"PK\x03\x04....table.csv"s, "zip", "unzip -p '"},
                                           {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"s, ".xls", "read_excel('"},
                                           {"PAR1\x15\x04"s, "Parquet", "read_parquet('"},
                                           {"ARROW1\0\0"s, "Arrow", "read_feather('"},
                                           {"\x89HDF\r\n\x1A\n"s, "HDF5", "read_hdf('"},
                                           {"SQLite format 3\0"s, "SQLite", "sqlite3 -header -csv '"},
                                           {"\x80\x04\x95\x10"s, "pickle", "trust"},
                                           {"{\"a\": [1, 2]}"s, "JSON", "read_json('"},
                                           {"{\"a\": 1}\n{\"a\": 2}\n"s, "one object a line", "lines=True"},
                                           {"[[1, 2], [3, 4]]"s, "JSON", "read_json('"},
                                           {"\n<!DOCTYPE html><html>"s, "HTML", "read_html('"},
                                           {"<?xml version=\"1.0\"?>"s, "XML", "read_xml('"},
                                           {"@RELATION iris\n"s, "ARFF", "loadarff('"},
                                           {"%PDF-1.7"s, "PDF", "CSV"},
                                           {"\x89PNG\r\n\x1A\n"s, "PNG", "CSV"},
                                           {"BZh91AY&SY"s, "bzip2", "bzip2 -dc '"},
                                           {"\xFD"s + "7zXZ\0"s, "xz", "xz -dc '"}}) {
    const auto table = read(one.bytes);
    ASSERT_FALSE(table.has_value()) << one.name;
    EXPECT_EQ(table.error().code, ErrorCode::table_format) << one.name << table.error().message;
    EXPECT_NE(table.error().message.find(one.name), std::string::npos) << table.error().message;
    EXPECT_NE(table.error().fix.find(one.cure), std::string::npos) << table.error().fix;
  }
  EXPECT_NE(read("PAR1\x15\x04").error().fix.find("/my data'"), std::string::npos)
      << "the line can be pasted";
}

TEST_F(Files, HeadersThatBeginLikeOtherFilesAreRead) {
  for (const char* name : {"PAR1", "ORC", "RIFF", "BZh", "FEA1", "GIF8", "RDX", "Obj", "ustar"}) {
    const auto table = read(std::string(name) + ",b\n1.5,2\n3,4.5\n");
    EXPECT_TRUE(table.has_value()) << name << table.error().message;
  }
}

TEST_F(Files, PackedTablesAreRead) {
  const std::string two_members = gzipped("a,b\n1.5,2\n") + gzipped("3,4.5\n");
  for (const std::string& bytes : {gzipped(kTable), two_members, gzipped(kTable) + std::string(100, '\0'),
                                   zstandard(kTable), zstandard("a,b\n1.5,2\n") + zstandard("3,4.5\n")}) {
    const auto table = read(bytes);
    ASSERT_TRUE(table.has_value()) << table.error().message;
    EXPECT_EQ(table->values, parse_csv(kTable)->values);
    const auto file = TableFile::open(folder_.path() / "my data");
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(file->values()(1, 1), 4.5F);
  }
}

TEST_F(Files, APackedTableUnpacksToNoMoreThanItMay) {
  std::string text = "a\n";
  for (int i = 0; i < 100'000; ++i) text += "0.5\n";
  for (const std::string& bytes : {gzipped(text), zstandard(text)}) {
    EXPECT_TRUE(read(bytes).has_value());
    EXPECT_TRUE(read(bytes, {.max_unpacked_bytes = text.size()}).has_value());
    EXPECT_EQ(read(bytes, {.max_unpacked_bytes = text.size() - 1}).error().code, ErrorCode::too_large);
    const auto refused = read(bytes, {.max_unpacked_bytes = 0});
    EXPECT_EQ(refused.error().code, ErrorCode::table_format);
    EXPECT_EQ(parse_csv(bytes).error().code, ErrorCode::table_format);
  }
}

TEST_F(Files, EveryTruncationOfAPackedTableIsAnError) {
  for (const std::string& bytes : {gzipped(kTable), zstandard(kTable)})
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(read(bytes.substr(0, length)).has_value()) << length;
  EXPECT_EQ(read(gzipped(gzipped(kTable))).error().code, ErrorCode::table_format);
}

TEST_F(Files, TextInAnEncodingThatIsNotToldIsRefusedWithTheCure) {
  const std::string latin = "h\xF6he,b\n1.5,2\n3,4\n";
  const auto table = read(latin);
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code, ErrorCode::table_encoding);
  EXPECT_NE(table.error().fix.find("--encoding latin1"), std::string::npos) << table.error().fix;
  EXPECT_EQ(table.error().where.substr(table.error().where.size() - 6), "byte 1");
  const auto read_as = read(latin, {.encoding = TextEncoding::windows_1252});
  ASSERT_TRUE(read_as.has_value()) << read_as.error().message;
  EXPECT_EQ(read_as->columns[0], "h\u00f6he");
  EXPECT_EQ(read("a,b\n1,2\n\0\0\0\n"s).error().code, ErrorCode::table_encoding);
  EXPECT_EQ(read("\xFF\xFE"
                 "a\0\n"s)
                .error()
                .code,
            ErrorCode::table_encoding)
      << "an odd number of bytes";
  EXPECT_EQ(read("\xFF\xFE\x00\xD8"
                 "a\0"s)
                .error()
                .code,
            ErrorCode::table_encoding)
      << "half a surrogate pair";
}

/// What the words of a shell's command are: quotes and backslashes as POSIX has them. A command that a shell
/// would take apart, or run more of, is nothing.
std::optional<std::vector<std::string>> words_of(std::string_view command) {
  std::vector<std::string> words(1);
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == '\'') {
      const std::size_t end = command.find('\'', i + 1);
      if (end == std::string_view::npos) return std::nullopt;
      words.back() += command.substr(i + 1, end - i - 1);
      i = end;
    } else if (c == '\\' && i + 1 < command.size()) {
      words.back() += command[++i];
    } else if (c == ' ') {
      words.emplace_back();
    } else if (std::string_view(";&|$`\"(").find(c) != std::string_view::npos) {
      return std::nullopt;
    } else {
      words.back() += c;
    }
  }
  return words;
}

TEST(SuggestedCommands, NameTheFileAsOneWord) {
  std::string ragged = "a,b\n1,2\n3\n", blanks = "1 2.5\n3 4.5\n", preface = "x\n", rownames = "a,b\n";
  for (int i = 0; i < 9; ++i) preface += "1.5,2.5,3\n";
  for (int i = 0; i < 9; ++i) rownames += fmt::format("{},1.5,2.5\n", i);
  for (const std::string name : {"my data.csv", "it's; reboot $(x) `y`.csv", "-rf \"q\".csv"})
    for (const std::string& bytes :
         {ragged, preface, rownames, "h\xF6he,b\n1.5,2\n"s, "BZh91AY&SY"s, "\xFD"s + "7zXZ\0"s,
          "PK\x03\x04....table.csv"s, gzipped(kTable), zstandard(kTable)}) {
      const auto table = parse_csv(bytes, {.source = name});
      ASSERT_FALSE(table.has_value()) << bytes;
      std::string command = table.error().fix.substr(table.error().fix.rfind(": ") + 2);
      const auto words = words_of(command);
      ASSERT_TRUE(words.has_value()) << command;
      const std::string wanted = (name[0] == '-' ? "./" : "") + name;
      EXPECT_NE(std::find(words->begin(), words->end(), wanted), words->end()) << command;
    }
  EXPECT_NE(parse_csv(blanks, {.source = "my data.csv"}).error().fix.find(" 'my data.csv' >"),
            std::string::npos);
}

TEST(Names, AreSplitAtCommasThatAreNotQuoted) {
  EXPECT_EQ(*split_names("a,b c,"), (std::vector<std::string>{"a", "b c", ""}));
  EXPECT_EQ(*split_names("\"a,b\", \"c\"\"d\""), (std::vector<std::string>{"a,b", "c\"d"}));
  EXPECT_EQ(*split_names(""), std::vector<std::string>{""});
  EXPECT_FALSE(split_names("\"a").has_value());
  EXPECT_EQ(*delimiter_of("tab"), '\t');
  EXPECT_FALSE(delimiter_of("ab").has_value() || delimiter_of("\"").has_value());
  EXPECT_FALSE(encoding_of("ebcdic").has_value() || decimal_of("x").has_value());
  EXPECT_EQ(*encoding_of("UTF-16"), TextEncoding::utf16_le);
}

}  // namespace
}  // namespace learndock::sketch
