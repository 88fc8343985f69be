#include "archive/path_rules.hpp"

#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace learndock::archive {
namespace {

ErrorCode code_of(std::string_view path) {
  const auto checked = stored_path(path, {});
  return checked ? ErrorCode::internal : checked.error().code;
}

TEST(PathRules, OrdinaryNamesPass) {
  for (const std::string_view path :
       {"learnware.yaml", "a/b/c.bin", "folder/", ".gitignore", "a..b", "...a", "sp ace.txt",
        "\xe6\xa8\xa1\xe5\x9e\x8b/\xc3\xa9.pt", "\xf0\x9f\x90\x9f.txt", "nulls.txt", "COM", "com10.txt",
        "console/con1", "-rf", "a~b", "100%.txt"})
    EXPECT_TRUE(stored_path(path, {}).has_value()) << path;
}

TEST(PathRules, LimitsAreInclusive) {
  EXPECT_TRUE(stored_path(std::string(512, 'a'), {}).has_value());
  EXPECT_EQ(code_of(std::string(513, 'a')), ErrorCode::zip_path_length);
  EXPECT_TRUE(stored_path("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", {}).has_value());
  EXPECT_TRUE(stored_path("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/", {}).has_value());
  EXPECT_EQ(code_of("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"), ErrorCode::zip_path_length);
}

TEST(PathRules, DevicesInAnyCaseAndWithAnyExtension) {
  for (const std::string_view path : {"con", "Aux.h", "a/PRN/b", "lpt9.txt", "nul .txt", "conin$", "COM0"})
    EXPECT_EQ(code_of(path), ErrorCode::zip_path_invalid) << path;
}

TEST(PathRules, HostileNamesAreShownHarmlessly) {
  const auto refused = stored_path("a\x1b[31m\n\xff", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().where, "a\\x1b[31m\\x0a\\xff");
  EXPECT_LT(stored_path(std::string(5000, 'a'), {}).error().where.size(), 300u);
}

TEST(PathRules, OneSpellingIsStored) {
  const auto stored = [](std::string_view path, Backslash backslash = Backslash::part_of_a_name) {
    return stored_path(path, {}, backslash).value();
  };
  EXPECT_EQ(stored("mode\u0300le.pkl"), "mod\u00e8le.pkl");
  EXPECT_EQ(stored("\u1106\u1169\u1103\u1166\u11af.pkl"), "\ubaa8\ub378.pkl");
  EXPECT_EQ(stored("\u0e01\u0e33\u0e48/a"), "\u0e01\u0e33\u0e48/a") << "marks without a composed form stay";
  EXPECT_EQ(stored("./a/b"), "a/b");
  EXPECT_EQ(stored("././a/"), "a/");
  EXPECT_EQ(stored("./"), kTopFolder);
  EXPECT_EQ(stored("weights\\model.pkl", Backslash::separator), "weights/model.pkl");
  EXPECT_EQ(stored("weights\\", Backslash::separator), "weights/");
  EXPECT_EQ(stored(".\\a", Backslash::separator), "a");
}

TEST(PathRules, ALimitCountsTheStoredName) {
  std::string syllables;
  for (int i = 0; i < 170; ++i) syllables += "\u1112\u1161\u11ab";  // 9 bytes decomposed, 3 composed
  EXPECT_TRUE(stored_path(syllables, {}).has_value());
  EXPECT_EQ(code_of(syllables + "\uac00"), ErrorCode::zip_path_length);
}

/// Normalising gives ASCII for a few signs: the rules must see what it gave.
TEST(PathRules, RulesSeeTheNormalisedName) {
  EXPECT_EQ(stored_path("\u212a.txt", {}).value(), "K.txt");
  EXPECT_EQ(stored_path("a\u037e", {}).value(), "a;");
  EXPECT_EQ(code_of("a\u2000"), ErrorCode::internal) << "an en quad is no space that systems cut off";
  for (char32_t point = 0x80; point <= 0x10ffff; ++point) {
    std::string text = "x";
    append_utf8(text, point);
    const auto stored = stored_path(text, {});
    if (!stored) continue;
    ASSERT_EQ(stored->find_first_of("/\\:*?\"<>|."), std::string::npos) << static_cast<unsigned>(point);
    ASSERT_EQ(stored_path(*stored, {}).value(), *stored) << static_cast<unsigned>(point);
  }
}

TEST(PathRules, ARefusalNamesThePackersFaultAndItsCure) {
  EXPECT_NE(stored_path("\xc4\xa3\xd0\xcd.pkl", {}).error().fix.find("GBK"), std::string::npos);
  EXPECT_NE(stored_path("a\\b", {}).error().fix.find("PowerShell 7"), std::string::npos);
  EXPECT_NE(stored_path("a/./b", {}).error().fix.find("pack the files"), std::string::npos);
}

TEST(PathSet, SaysWhenNormalisingMadeTwoNamesEqual) {
  PathSet paths;
  EXPECT_TRUE(paths.add("caf\u00e9", "caf\u00e9").has_value());
  const auto refused = paths.add("caf\u00e9", "cafe\u0301");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::zip_duplicate);
  EXPECT_NE(refused.error().message.find("after normalisation"), std::string::npos);
}

TEST(PathSet, DirectoriesMayBeImpliedAndThenNamedOnce) {
  PathSet paths;
  const auto add = [&](std::string_view path) { return paths.add(path, path); };
  EXPECT_TRUE(add("a/b/c").has_value());
  EXPECT_TRUE(add("a/").has_value());
  EXPECT_TRUE(add("a/b/").has_value());
  EXPECT_TRUE(add("a/b/d").has_value());
  EXPECT_FALSE(add("a/").has_value());
  EXPECT_FALSE(add("a/b").has_value());
  EXPECT_FALSE(add("A/e").has_value());
  EXPECT_FALSE(add("a/b/c/d").has_value());
}

}  // namespace
}  // namespace learndock::archive
