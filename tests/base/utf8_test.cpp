#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace learndock {
namespace {

TEST(Utf8, EveryCodePointSurvivesAndNothingElseDoes) {
  std::size_t accepted = 0;
  for (char32_t point = 0; point <= 0x10ffff; ++point) {
    std::string text;
    append_utf8(text, point);
    const auto back = decode_utf8(text);
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    ASSERT_EQ(back.has_value(), !surrogate) << static_cast<unsigned>(point);
    ASSERT_EQ(is_utf8(text), !surrogate) << static_cast<unsigned>(point);
    if (back) {
      ASSERT_EQ(*back, std::u32string(1, point));
      ++accepted;
    }
  }
  EXPECT_EQ(accepted, 0x110000u - 0x800u);
  for (const std::string_view text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xf0\x80\x80\x80",
                                      "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe6\xa8", "\xc3", "\xc3\x28"})
    EXPECT_FALSE(decode_utf8(text).has_value());
}

TEST(Utf8, AcceptsTheEdgesAndRefusesBeyond) {
  for (const char* text : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                           "\xf4\x90\x80\x80", "\xf5", "\xe4\xbd", "\xc3"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Utf8, CodePointsBeginAtLeadBytes) {
  for (const char byte : std::string_view("a\xc3\xe6\xf0")) EXPECT_TRUE(begins_code_point(byte));
  for (const char byte : std::string_view("\x80\xbf")) EXPECT_FALSE(begins_code_point(byte));
}

}  // namespace
}  // namespace learndock
