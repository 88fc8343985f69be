#include "io/base64.hpp"

#include <gtest/gtest.h>

namespace learndock::io {
namespace {

TEST(Base64, WritesAndReadsTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, RoundTripsEveryByteAtEveryPlace) {
  std::string bytes;
  for (int i = 0; i < 1024; ++i) {
    bytes += static_cast<char>(i * 37 + i / 256);
    ASSERT_EQ(from_base64(to_base64(bytes)), bytes) << bytes.size();
  }
  EXPECT_EQ(to_base64("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, RefusesWhatIsNotOfTheAlphabet) {
  for (std::string text : {" Zm9v", "Zm9v ", "Zm9v\n", "\tZm9v", "Zm 9v", "Zm\r\n9v", "Zm9v-", "-Zm9v",
                           "Zm9_", "Zg==Zg==", "Z===g", "=Zm9", "Zm9v== ", "!!!!", "Zm9\xc3", ":Zm9v:"})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  EXPECT_EQ(from_base64(std::string_view("Zm9\0", 4)), std::nullopt);
  for (int c = 0; c < 256; ++c) {
    const auto byte = static_cast<char>(c);
    const bool known = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
    EXPECT_EQ(from_base64(std::string("Zm") + byte + "v").has_value(), known) << c;
    EXPECT_EQ(from_base64(std::string("Zm9") + byte).has_value(), known || byte == '=') << c;
    EXPECT_EQ(from_base64(std::string(1, byte) + "m9v").has_value(), known) << c;
  }
}

TEST(Base64, ToleratesMissingPaddingAndLeftOverBits) {
  EXPECT_EQ(from_base64("Zg"), "f");
  EXPECT_EQ(from_base64("Zg="), "f");
  EXPECT_EQ(from_base64("Zm8"), "fo");
  EXPECT_EQ(from_base64("Zh=="), "f") << "the last four bits are not zero";
  EXPECT_EQ(from_base64("Zm9="), "fo") << "the last two bits are not zero";
  EXPECT_EQ(from_base64("===="), "");
}

}  // namespace
}  // namespace learndock::io
