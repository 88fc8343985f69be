#include "http/uri.hpp"

#include <gtest/gtest.h>

namespace learndock::http {
namespace {

ErrorCode code_of_target(std::string_view target) {
  const auto parsed = parse_target(target);
  EXPECT_FALSE(parsed) << target;
  return parsed ? ErrorCode::internal : parsed.error().code;
}

TEST(PercentDecode, TurnsEscapesIntoBytes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc%e4%bd%a0").value(), "a b/c\xe4\xbd\xa0");
  EXPECT_EQ(percent_decode("").value(), "");
}

TEST(PercentDecode, RefusesHalfEscapesControlsAndBadUtf8) {
  for (const char* text : {"%", "%2", "%2x", "%zz", "%00", "a%0d%0ab", "%7f", "%ff", "%c0%af", "%ed%a0%80",
                           "%f4%90%80%80", "%e4%bd"})
    EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(PercentDecode, InvertsEncoding) {
  const std::string text = "Name (1) ?&=+#%/\xe4\xbd\xa0\xf0\x9f\x98\x80~";
  EXPECT_EQ(percent_decode(percent_encode(text)).value(), text);
  EXPECT_EQ(percent_encode("a b/"), "a%20b%2F");
}

TEST(Target, SplitsBeforeItDecodes) {
  const Target target = parse_target("/v1/learnwares/a%2Fb/package?limit=3&x=a+b%26").value();
  EXPECT_EQ(target.segments, (std::vector<std::string>{"v1", "learnwares", "a/b", "package"}));
  EXPECT_EQ(target.path, "/v1/learnwares/a%2Fb/package");
  EXPECT_EQ(target.query.get("limit"), "3");
  EXPECT_EQ(target.query.get("x"), "a b&");
  EXPECT_EQ(target.query.get("y"), std::nullopt);
}

TEST(Target, RootHasOneEmptySegment) {
  EXPECT_EQ(parse_target("/").value().segments, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("/?a=1").value().segments, std::vector<std::string>{""});
  EXPECT_EQ(parse_target("/a/").value().segments, (std::vector<std::string>{"a", ""}));
}

TEST(Target, RefusesWhatCouldBeReadTwice) {
  for (const char* target : {"", "x", "*", "/%", "/%00", "/a?b=%0a", "/?a=1&a=2", "/?a&a"})
    EXPECT_EQ(code_of_target(target), ErrorCode::http_request) << target;
}

TEST(Target, RefusesAFloodOfParameters) {
  std::string target = "/?";
  for (int i = 0; i < 40; ++i) target += "p" + std::to_string(i) + "=1&";
  EXPECT_EQ(code_of_target(target), ErrorCode::http_request);
}

TEST(QueryOnly, NamesTheUnknownParameter) {
  const Query query = Query::parse("limit=1&lmit=2").value();
  EXPECT_TRUE(query.only({"limit", "lmit"}));
  const auto refused = query.only({"limit"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().message.find("lmit"), std::string::npos);
}

TEST(Authority, ReadsHostsAndPorts) {
  EXPECT_EQ(parse_authority("LocalHost:8080").value().host, "localhost");
  EXPECT_EQ(parse_authority("LocalHost:8080").value().port, "8080");
  EXPECT_EQ(parse_authority("[::1]:80").value().host, "::1");
  EXPECT_EQ(parse_authority("[::1]").value().port, "");
  EXPECT_EQ(parse_authority("example.org").value().host, "example.org");
}

TEST(Authority, RefusesEverythingElse) {
  for (const char* text : {"", ":80", "a:b", "a:123456", "[::1", "[::1]x", "[]", "[127.0.0.1]", "a b",
                           "user@host", "a/b", "a:80:80", "[::1%25eth0]"})
    EXPECT_FALSE(parse_authority(text)) << text;
}

TEST(NamesLoopback, KnowsThisMachineOnly) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1"})
    EXPECT_TRUE(names_loopback(host)) << host;
  for (const char* host : {"localhost.evil.example", "127.0.0.1.evil.example", "128.0.0.1", "0.0.0.0",
                           "127.1", "0127.0.0.1", "127.0.00.1", "127.0.0", "127.0.0.1.1", "127.0.0.-1",
                           " 127.0.0.1", "", "::2", "127.0.0.256", "127.0.0.1."})
    EXPECT_FALSE(names_loopback(host)) << host;
  EXPECT_FALSE(names_loopback(std::string_view("127.0.0.1\0.evil.example", 23)));
}

}  // namespace
}  // namespace learndock::http
