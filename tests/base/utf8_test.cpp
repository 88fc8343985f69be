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

TEST(Utf16, IsReadInBothByteOrdersUpToTheFirstFault) {
  const std::u16string units = std::u16string(u"a\u00e9\u20ac\U0001F600") + u'\0' + u'z';
  for (const bool big : {false, true}) {
    std::string bytes;
    for (const char16_t unit : units)
      for (const bool high : {big, !big}) bytes += static_cast<char>(high ? unit >> 8U : unit & 0xffU);
    const Utf16Text whole = decode_utf16(bytes, big);
    EXPECT_EQ(whole.read_bytes, bytes.size());
    EXPECT_EQ(whole.text.size(), utf8_length_of_utf16(bytes, big));
    EXPECT_TRUE(is_utf8(whole.text));
    EXPECT_EQ(decode_utf16(bytes + "x", big).read_bytes, bytes.size()) << "half a unit";
    EXPECT_EQ(decode_utf16(bytes.substr(0, 8), big).read_bytes, 6U) << "half a pair";
    EXPECT_EQ(decode_utf16(bytes.substr(8), big).read_bytes, 0U) << "the other half";
  }
}

}  // namespace
}  // namespace learndock
