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

TEST(Shortened, ACommandWithALongQuotedWordCanBePasted) {
  const std::string fix = "convert it: python3 -c \"" + std::string(400, 'c') + "\"";
  EXPECT_EQ(shortened(Error{ErrorCode::usage, {}, {}, fix}).fix, fix);
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

TEST(Shortened, WhatWasCutIsNotCutAgain) {
  for (const std::string& input :
       {std::string(10'000, 'x'), std::string(10'000, '"'), std::string(10'000, '\x01'),
        std::string(999, '\x80'), "the key \"" + std::string(10'000, 'k') + "\" is not known",
        "\"" + std::string(790, 'y') + "\"",
        "a \"" + std::string(500, 'k') + "\" b " + std::string(570, 'z') + "\"" + std::string(500, 'k') +
            "\" c",
        std::string("short... (9 bytes)"), "no end \"" + std::string(5'000, 'q')}) {
    for (const std::size_t limit : {std::size_t{0}, std::size_t{3}, std::size_t{200}, std::size_t{800}}) {
      const std::string once = shortened(input, limit);
      EXPECT_EQ(shortened(once, limit), once) << limit;
    }
    const Error once = shortened(Error{ErrorCode::usage, input, input, input});
    EXPECT_EQ(describe(shortened(once)), describe(once));
    EXPECT_EQ(shortened_sentence(shortened_sentence(input)), shortened_sentence(input));
    Warnings warnings;
    for (int i = 0; i < 100; ++i)
      warnings.push_back({WarningCode::label_suspected, input.substr(0, 100), Json{{"column", input}}});
    for (const std::size_t limit : {std::size_t{0}, std::size_t{500}, kWarningsBytes}) {
      const Warnings cut = shortened(warnings, limit);
      EXPECT_EQ(shortened(cut, limit), cut) << limit;
    }
    const auto messages = shortened(messages_of(warnings));
    EXPECT_EQ(shortened(messages), messages);
  }
  EXPECT_NE(shortened(std::string(900, 'x') + "... (9 bytes)", 200), std::string(900, 'x') + "... (9 bytes)")
      << "the note alone makes no text short";
}

TEST(Shortened, FactsCountInTheLimit) {
  const Warning one{WarningCode::label_suspected, std::string(40, 'm'),
                    Json{{"column", std::string(150, 'f')}}};
  const Warnings cut = shortened(Warnings(100, one));
  EXPECT_EQ(cut.size(), 100u);
  std::size_t bytes = 0;
  for (const Warning& warning : cut)
    bytes += warning.message.size() + (warning.facts->empty() ? 0 : to_text(*warning.facts).size());
  EXPECT_LE(bytes, kWarningsBytes);
  EXPECT_EQ(cut.front(), one) << "the first keep their facts";
  EXPECT_TRUE(cut.back().facts->empty());
}

}  // namespace
}  // namespace learndock
