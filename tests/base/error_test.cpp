#include "learndock/base/error.hpp"

#include "learndock/base/ids.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace learndock {
namespace {

TEST(ErrorTable, SlugsAndNumbersAreUniqueAndReversible) {
  std::set<std::string_view> slugs;
  std::set<int> numbers;
  for (const ErrorCode code : all_error_codes()) {
    EXPECT_TRUE(slugs.insert(slug(code)).second) << slug(code);
    EXPECT_TRUE(numbers.insert(number(code)).second) << slug(code);
    EXPECT_EQ(code_of_slug(slug(code)), code);
    EXPECT_GE(http_status(code), 400);
    EXPECT_LT(http_status(code), 600);
    EXPECT_GE(exit_code(code), 1);
    EXPECT_LE(exit_code(code), 7);
  }
  EXPECT_EQ(code_of_slug("of.a.newer.server"), ErrorCode::internal);
}

TEST(ErrorTable, TheErrorIndexListsEveryCode) {
  std::ifstream file(LEARNDOCK_ERROR_INDEX);
  std::stringstream text;
  text << file.rdbuf();
  for (const ErrorCode code : all_error_codes()) {
    std::stringstream row;
    row << "| E" << number(code) << " | `" << slug(code) << "` | " << http_status(code) << " | "
        << exit_code(code) << " |";
    EXPECT_NE(text.str().find(row.str()), std::string::npos) << row.str();
  }
}

TEST(ErrorTable, TheErrorIndexSaysWhatEveryCodeMeansAndWhatToDo) {
  std::ifstream file(LEARNDOCK_ERROR_INDEX);
  std::stringstream text;
  text << file.rdbuf();
  for (const ErrorCode code : all_error_codes()) {
    std::stringstream anchor;
    anchor << "\n<a id=\"E" << number(code) << "\"></a>**E" << number(code) << "** `" << slug(code) << "`: ";
    const auto at = text.str().find(anchor.str());
    ASSERT_NE(at, std::string::npos) << anchor.str();
    const std::size_t begin = at + anchor.str().size();
    const std::string paragraph = text.str().substr(begin, text.str().find('\n', begin) - begin);
    EXPECT_NE(paragraph.find(". "), std::string::npos) << "a meaning and a cure: " << paragraph;
  }
}

TEST(ErrorTable, DescribeNamesWhatWhereAndFix) {
  const std::string text =
      describe({ErrorCode::zip_path_traversal, "entry leaves the package", "../x", "repack it"});
  EXPECT_EQ(text, "entry leaves the package (zip.path.traversal, E1003)\n  at:  ../x\n  fix: repack it");
}

TEST(LearnwareId, AcceptsPrintableNamesOnly) {
  EXPECT_EQ(LearnwareId::create("lw-1:a").value().text(), "lw-1:a");
  EXPECT_EQ(LearnwareId::from_number(42).text(), "00000042");
  for (const char* bad : {"", "a b", "a/b", "a\n", "\x7f"})
    EXPECT_FALSE(LearnwareId::create(bad).has_value()) << bad;
  EXPECT_FALSE(LearnwareId::create(std::string(129, 'a')).has_value());
}

}  // namespace
}  // namespace learndock
