#include "base/number.hpp"

#include "base/ascii.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace learndock {
namespace {

TEST(WholeNumber, IsTheWholeTextAndFits) {
  EXPECT_EQ(whole_number<std::uint64_t>("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(whole_number<std::int64_t>("-7"), -7);
  EXPECT_EQ(whole_number<std::uint64_t>("ff", 16), 255U);
  EXPECT_EQ(whole_number<std::uint64_t>("007"), 7U);
  for (const char* text : {"", " 7", "7 ", "+7", "-7", "7.0", "7e0", "0x7", "18446744073709551616"})
    EXPECT_EQ(whole_number<std::uint64_t>(text), std::nullopt) << text;
  EXPECT_EQ(whole_number<std::uint8_t>("256"), std::nullopt);
}

TEST(Ascii, KnowsHexadecimalDigits) {
  EXPECT_EQ(hex_value('0') + hex_value('9') + hex_value('a') + hex_value('F'), 0 + 9 + 10 + 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\0', '\xc3'}) EXPECT_EQ(hex_value(c), -1) << c;
  EXPECT_TRUE(is_lower_hex("0af", 3));
  EXPECT_FALSE(is_lower_hex("0AF", 3) || is_lower_hex("0af", 4) || is_lower_hex("0ag", 3));
}

TEST(Ascii, TrimsBlanksAndLowersLettersAlone) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim("\na\n"), "\na\n") << "line ends are no blanks";
  EXPECT_EQ(lower("AbZ[@\xc3\x84"), "abz[@\xc3\x84") << "bytes beyond ASCII stay";
}

}  // namespace
}  // namespace learndock
