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

}  // namespace
}  // namespace learndock
