#include "base/shorten.hpp"

#include "learndock/base/json.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace learndock {
namespace {

TEST(Shortened, KeepsWhatIsShortEnough) {
  EXPECT_EQ(shortened("", 5), "");
  EXPECT_EQ(shortened("exact", 5), "exact");
  const Error error{ErrorCode::usage, "the key \"a\" is not known", "/a", "did you mean \"b\"?"};
  EXPECT_EQ(describe(shortened(error)), describe(error));
}

TEST(Shortened, SaysHowLongTheTextWas) { EXPECT_EQ(shortened("abcdefgh", 3), "abc... (8 bytes)"); }

TEST(Shortened, NeverCutsACharacter) {
  const std::string text = "ab\u00e9\u20ac\U0001F600xyz";
  for (std::size_t limit = 0; limit < text.size(); ++limit) {
    const std::string cut = shortened(text, limit);
    EXPECT_TRUE(parse_json('"' + cut + '"')) << limit;  // strict about UTF-8
  }
}

TEST(Shortened, AQuotedKeyIsCutAndTheMessageAroundItStays) {
  const Error error = shortened(
      Error{ErrorCode::usage, fmt::format("the key \"{}\" is not known here", std::string(10 << 20, 'k'))});
  EXPECT_EQ(error.message,
            fmt::format("the key \"{}... ({} bytes)\" is not known here", std::string(200, 'k'), 10 << 20));
}

TEST(Shortened, NoTextMakesALongError) {
  const std::string inputs[] = {std::string(10 << 20, 'x'), std::string(10 << 20, '"'),
                                std::string(1 << 20, '\x01'), std::string(1 << 20, '\\'),
                                std::string(1 << 20, '\x80')};
  for (const std::string& input : inputs)
    for (const std::string& text : {input, "\"" + input + "\" is odd", "\"a\", \"" + input}) {
      const Error error = shortened(Error{ErrorCode::usage, text, text, text});
      const Json json{error.message, error.where, error.fix};
      EXPECT_LT(to_text(json).size(), 2'000u);
    }
}

TEST(Shortened, WarningsAreCutAndThoseBeyondTheLimitCounted) {
  const std::vector<std::string> few{"one", "two \"quoted\""};
  EXPECT_EQ(shortened(few), few);
  const std::vector<std::string> long_one = shortened(std::vector<std::string>{std::string(1 << 20, 'x')});
  ASSERT_EQ(long_one.size(), 1u);
  EXPECT_LT(long_one[0].size(), 900u);
  const std::vector<std::string> many = shortened(std::vector<std::string>(10'000, std::string(99, 'x')));
  ASSERT_EQ(many.size(), 51u);
  EXPECT_EQ(many.back(), "9950 more warnings are left out");
  for (const char byte : {'x', '"', '\x01', '\x80'})
    EXPECT_LT(to_text(Json(shortened(std::vector<std::string>(100, std::string(1 << 16, byte))))).size(),
              6'500u)
        << byte;
}

TEST(Shortened, FactsOfWarningsAreCutToo) {
  const Warnings given{{WarningCode::label_suspected, "short", Json{{"column", "y"}, {"count", 3}}}};
  EXPECT_EQ(shortened(given), given);
  const std::string text(1 << 20, 'x');
  const Warnings cut =
      shortened(Warnings{{WarningCode::label_suspected, text, Json{{"column", text}}},
                         {WarningCode::label_suspected, "b", Json{{"columns", {text, text}}}},
                         {WarningCode::label_suspected, "c", Json{{text, 1}}}});
  EXPECT_EQ(cut[0].facts->at("column"), std::string(200, 'x') + "... (1048576 bytes)");
  EXPECT_EQ(cut[1].facts->at("columns")[1], cut[0].facts->at("column"));
  EXPECT_EQ(*cut[2].facts, Json::object());
  EXPECT_LT(to_text(to_json(cut)).size(), 2'500u);
  const Warnings many = shortened(Warnings(100, Warning{WarningCode::label_suspected, std::string(99, 'x')}));
  EXPECT_EQ(many.back(), (Warning{WarningCode::other, "50 more warnings are left out"}));
}

}  // namespace
}  // namespace learndock
