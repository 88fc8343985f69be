#include "text/unicode.hpp"

#include "base/utf8.hpp"
#include "text/code_points.hpp"

#include <gtest/gtest.h>

namespace learndock::text {
namespace {

const struct {
  std::u32string text, composed;
} kNormalForms[] = {
#include "nfc_recorded.inc"
};

TEST(Nfc, AgreesWithRecordedNormalForms) {
  for (const auto& row : kNormalForms) {
    const auto composed = to_nfc(to_utf8(row.text));
    ASSERT_TRUE(composed.has_value());
    EXPECT_EQ(*composed, to_utf8(row.composed)) << printable(to_utf8(row.text));
    EXPECT_EQ(to_nfc(*composed), composed) << "a normal form is its own normal form";
  }
}

TEST(Nfc, ComposesWhatAMacTakesApart) {
  EXPECT_EQ(to_nfc("mode\u0300le.pkl"), "modèle.pkl");
  EXPECT_EQ(to_nfc("\u1106\u1169\u1103\u1166\u11af"), "모델");
  EXPECT_EQ(to_nfc("か\u3099"), "が");
  EXPECT_EQ(to_nfc("plain.txt"), "plain.txt");
  EXPECT_EQ(to_nfc(""), "");
}

TEST(Nfc, RefusesWhatIsNotUtf8) {
  for (const std::string_view text : {"\xff", "a\xc0\xaf", "\xed\xa0\x80", "e\xcc"}) {
    EXPECT_EQ(to_nfc(text), std::nullopt);
    EXPECT_EQ(fold_name(text), text) << "as it is";
  }
}

/// Normalising may lengthen a text, but never by more than the header says.
TEST(Nfc, EveryCodePointTakesAtMostThreeTimesItsBytes) {
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const std::string text = to_utf8(std::u32string(1, point));
    const auto composed = to_nfc(text);
    ASSERT_TRUE(composed.has_value()) << static_cast<unsigned>(point);
    ASSERT_LE(composed->size(), 3 * text.size()) << static_cast<unsigned>(point);
    ASSERT_TRUE(is_utf8(*composed)) << static_cast<unsigned>(point);
  }
}

/// A sort that is quadratic in a run of marks would take minutes here.
TEST(Nfc, LongRunsOfMarksCostLittle) {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  const auto composed = to_nfc(text);
  ASSERT_TRUE(composed.has_value());
  EXPECT_TRUE(composed->starts_with("ạ\u0323")) << "marks below the letter come first";
  EXPECT_EQ(composed->size(), text.size());
}

TEST(FoldName, JoinsCasesAndSpellings) {
  EXPECT_EQ(fold_name("ABCz09_"), "abcz09_");
  EXPECT_EQ(fold_name("Ä×"), "ä×") << "U+00D7 is a sign, not a letter";
  EXPECT_EQ(fold_name("E\u0301"), fold_name("é"));
  EXPECT_EQ(fold_name("Ω"), fold_name("ω"));
  EXPECT_EQ(fold_name("ΟΔΟΣ"), fold_name("οδος"));
  EXPECT_EQ(fold_name("οδοσ"), fold_name("οδος")) << "a final sigma is a sigma";
  EXPECT_EQ(fold_name("Ж"), fold_name("ж"));
  EXPECT_EQ(fold_name("Ž"), fold_name("ž"));
  EXPECT_NE(fold_name("ż"), fold_name("ž"));
  EXPECT_EQ(fold_name("STRASSE"), fold_name("straße"));
  EXPECT_EQ(fold_name("Ա"), fold_name("ա"));
  EXPECT_NE(fold_name("ı"), fold_name("i"));
}

TEST(Marks, AreWhatIsDrawnOnALetter) {
  for (const char32_t mark : {0x300, 0x301, 0x20dd, 0x3099, 0xfe0f, 0x34f}) EXPECT_TRUE(is_mark(mark));
  for (const char32_t other : {U'a', U'é', U'一', U'가', char32_t{0x1100}, char32_t{0x1161}})
    EXPECT_FALSE(is_mark(other));
}

}  // namespace
}  // namespace learndock::text
