#include "http/http_fields.hpp"

#include "io/digest.hpp"

#include <gtest/gtest.h>

namespace learndock::http {
namespace {

struct RangeCase {
  const char* range;
  std::uint64_t size;
  std::uint64_t first;
  std::uint64_t length;
};

TEST(Range, ReadsTheThreeForms) {
  const RangeCase cases[] = {{"bytes=0-0", 10, 0, 1},   {"bytes=2-5", 10, 2, 4},
                             {"bytes=2-", 10, 2, 8},    {"bytes=-3", 10, 7, 3},
                             {"bytes=-30", 10, 0, 10},  {"bytes=9-100", 10, 9, 1},
                             {"BYTES= 0-1 ", 10, 0, 2}, {"bytes=0-18446744073709551615", 10, 0, 10}};
  for (const RangeCase& c : cases) {
    const auto range = parse_range(c.range, c.size).value();
    ASSERT_TRUE(range) << c.range;
    EXPECT_EQ(range->first, c.first) << c.range;
    EXPECT_EQ(range->length, c.length) << c.range;
  }
}

TEST(Range, IgnoresWhatAServerMayIgnore) {
  for (const char* range :
       {"", "items=0-1", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "bytes=1",
        "bytes=0-18446744073709551616", "bytes=--1", "bytes=0-1-2", "bytes=0x0-1"})
    EXPECT_EQ(parse_range(range, 10).value().has_value(), false) << range;
}

TEST(Range, RefusesRangesWithoutAByte) {
  for (const char* range : {"bytes=10-", "bytes=10-20", "bytes=-0"}) {
    const auto refused = parse_range(range, 10);
    ASSERT_FALSE(refused) << range;
    EXPECT_EQ(refused.error().code, ErrorCode::http_range);
  }
  EXPECT_FALSE(parse_range("bytes=0-", 0));
  EXPECT_FALSE(parse_range("bytes=-1", 0));
}

TEST(EntityTag, IsFoundInLists) {
  EXPECT_TRUE(names_entity_tag("\"a\"", "\"a\""));
  EXPECT_TRUE(names_entity_tag("\"x\" , W/\"a\"", "\"a\""));
  EXPECT_TRUE(names_entity_tag(" * ", "\"a\""));
  for (const char* list : {"", "\"b\"", "a", "\"a", "\"A\"", ", ,"})
    EXPECT_FALSE(names_entity_tag(list, "\"a\"")) << list;
}

TEST(MediaType, DropsParametersAndCase) {
  EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(" text/csv "), "text/csv");
  for (const char* type : {"", "json", "/x", "x/", "text/csv,text/html", "te xt/csv"})
    EXPECT_EQ(media_type(type), "") << type;
}

TEST(BearerToken, ReadsTheSchemeInAnyCase) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bEARER  abc"), "abc");
  for (const char* field : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc"})
    EXPECT_EQ(bearer_token(field), std::nullopt) << field;
}

TEST(ConstantTimeCompare, ComparesLikeEquality) {
  const std::string texts[] = {"", "a", "b", "ab", "aa", "aaa", std::string("a\0", 2), std::string("\0", 1)};
  for (const auto& a : texts)
    for (const auto& b : texts) EXPECT_EQ(equal_in_constant_time(a, b), a == b) << a << " " << b;
}

TEST(Attachment, KeepsHeadersWhole) {
  EXPECT_EQ(attachment("00000001.zip"), "attachment; filename=\"00000001.zip\"");
  EXPECT_EQ(attachment("a\"\r\nb.zip"),
            "attachment; filename=\"a___b.zip\"; filename*=UTF-8''a%22%0D%0Ab.zip");
  EXPECT_EQ(attachment("\xc3\xa4.zip"), "attachment; filename=\"__.zip\"; filename*=UTF-8''%C3%A4.zip");
}

TEST(FileName, IsHarmlessInAShell) {
  EXPECT_EQ(file_name_of("00000001"), "00000001");
  EXPECT_EQ(file_name_of("../-x;$(a)"), "_._-x___a_");
  EXPECT_EQ(file_name_of("-rf"), "_rf");
  EXPECT_EQ(file_name_of(".hidden"), "_hidden");
  EXPECT_EQ(file_name_of("a\"b\\c:d"), "a_b_c_d");
}

TEST(DigestField, RoundTripsAndMatchesAKnownValue) {
  // SHA-256 of the empty text, RFC 4634's bytes in base64.
  EXPECT_EQ(digest_field(io::sha256_hex("")), "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:");
  for (const char* text : {"", "a", "longer text"}) {
    const std::string hex = io::sha256_hex(text);
    EXPECT_EQ(sha256_of_digest_field(digest_field(hex)), hex);
    EXPECT_EQ(sha256_of_digest_field("sha-512=:AAAA:, " + digest_field(hex)), hex);
  }
}

TEST(DigestField, RefusesOtherShapes) {
  for (const char* field : {"", "sha-256", "sha-256=::", "sha-256=:AAAA:", "sha-256=47DEQpj8", "md5=:AAAA:",
                            "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "sha-256=:!!!!:"})
    EXPECT_EQ(sha256_of_digest_field(field), std::nullopt) << field;
}

TEST(ByteSequence, RoundTripsAndRefusesWhatIsNotBase64) {
  const std::string bytes("{\"a\": 1}\0\xff", 10);
  EXPECT_EQ(bytes_of_sequence(byte_sequence(bytes)), bytes);
  EXPECT_EQ(bytes_of_sequence(" :Zm9v: "), "foo");
  for (const char* field :
       {"", ":", "Zm9v", ":Zm9v", "Zm9v:", ": Zm9v:", ":Zm9v :", ":Zm-v:", ":Zm9v::", ":Zg==Zg==:"})
    EXPECT_EQ(bytes_of_sequence(field), std::nullopt) << field;
}

TEST(ParseNumber, StopsAtItsMaximum) {
  EXPECT_EQ(parse_number("0", 10), 0u);
  EXPECT_EQ(parse_number("10", 10), 10u);
  EXPECT_EQ(parse_number("18446744073709551615", ~std::uint64_t{0}), ~std::uint64_t{0});
  for (const char* text : {"", "11", "-1", "+1", " 1", "1 ", "1.0", "99999999999999999999999"})
    EXPECT_EQ(parse_number(text, 10), std::nullopt) << text;
  EXPECT_EQ(parse_number("18446744073709551616", ~std::uint64_t{0}), std::nullopt);
  EXPECT_EQ(parse_number("9", 3), std::nullopt);
}

}  // namespace
}  // namespace learndock::http
