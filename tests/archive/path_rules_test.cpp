#include "archive/path_rules.hpp"

#include <gtest/gtest.h>

namespace learndock::archive {
namespace {

ErrorCode code_of(std::string_view path) {
  const auto checked = check_path(path, {});
  return checked ? ErrorCode::internal : checked.error().code;
}

TEST(PathRules, OrdinaryNamesPass) {
  for (const std::string_view path :
       {"learnware.yaml", "a/b/c.bin", "folder/", ".gitignore", "a..b", "...a", "sp ace.txt",
        "\xe6\xa8\xa1\xe5\x9e\x8b/\xc3\xa9.pt", "\xf0\x9f\x90\x9f.txt", "nulls.txt", "COM", "com10.txt",
        "console/con1", "-rf", "a~b", "100%.txt"})
    EXPECT_TRUE(check_path(path, {}).has_value()) << path;
}

TEST(PathRules, LimitsAreInclusive) {
  EXPECT_TRUE(check_path(std::string(512, 'a'), {}).has_value());
  EXPECT_EQ(code_of(std::string(513, 'a')), ErrorCode::zip_path_length);
  EXPECT_TRUE(check_path("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", {}).has_value());
  EXPECT_TRUE(check_path("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/", {}).has_value());
  EXPECT_EQ(code_of("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"), ErrorCode::zip_path_length);
}

TEST(PathRules, DevicesInAnyCaseAndWithAnyExtension) {
  for (const std::string_view path : {"con", "Aux.h", "a/PRN/b", "lpt9.txt", "nul .txt", "conin$", "COM0"})
    EXPECT_EQ(code_of(path), ErrorCode::zip_path_invalid) << path;
}

TEST(PathRules, HostileNamesAreShownHarmlessly) {
  const auto refused = check_path("a\x1b[31m\n\xff", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().where, "a\\x1b[31m\\x0a\\xff");
  EXPECT_LT(check_path(std::string(5000, 'a'), {}).error().where.size(), 300u);
}

TEST(PathRules, FoldingJoinsCases) {
  EXPECT_EQ(fold_case("ABCz09_"), "abcz09_");
  EXPECT_EQ(fold_case("\xc3\x84\xc3\x97"), "\xc3\xa4\xc3\x97") << "U+00D7 is a sign, not a letter";
  EXPECT_EQ(fold_case("\xce\xa9"), fold_case("\xcf\x89"));
  EXPECT_EQ(fold_case("\xd0\x96"), fold_case("\xd0\xb6"));
  EXPECT_EQ(fold_case("\xc5\xbd"), fold_case("\xc5\xbe"));
  EXPECT_NE(fold_case("\xc5\xbc"), fold_case("\xc5\xbd"));
}

TEST(PathSet, DirectoriesMayBeImpliedAndThenNamedOnce) {
  PathSet set;
  EXPECT_TRUE(set.add("a/b/c").has_value());
  EXPECT_TRUE(set.add("a/").has_value());
  EXPECT_TRUE(set.add("a/b/").has_value());
  EXPECT_TRUE(set.add("a/b/d").has_value());
  EXPECT_FALSE(set.add("a/").has_value());
  EXPECT_FALSE(set.add("a/b").has_value());
  EXPECT_FALSE(set.add("A/e").has_value());
  EXPECT_FALSE(set.add("a/b/c/d").has_value());
}

}  // namespace
}  // namespace learndock::archive
