#include "server/guard.hpp"

#include <gtest/gtest.h>

namespace learndock::server {
namespace {

http::RequestHead head_with(const std::string& lines) {
  return parse_head("POST / HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n", http::HttpLimits{}).value();
}

const Route& route_of(std::string_view method, std::string_view path) {
  return *find_route(method, http::parse_target(path).value().segments)->route;
}

TEST(CheckBody, BoundsEachKindByItsOwnLimit) {
  const http::HttpLimits limits;
  struct Case {
    const char* path;
    const char* media;
    std::uint64_t limit;
  };
  const Case cases[] = {{"/v1/search", "application/json", limits.max_json_bytes},
                        {"/v1/specifications", "text/csv", limits.max_table_bytes},
                        {"/v1/learnwares", "application/zip", limits.max_package_bytes}};
  for (const Case& c : cases) {
    const Route& route = route_of("POST", c.path);
    const auto check = [&](std::uint64_t bytes) {
      return check_body(limits, route,
                        head_with("Content-Type: " + std::string(c.media) +
                                  "\r\nContent-Length: " + std::to_string(bytes) + "\r\n"));
    };
    EXPECT_TRUE(check(c.limit)) << c.path;
    ASSERT_FALSE(check(c.limit + 1)) << c.path;
    EXPECT_EQ(check(c.limit + 1).error().code, ErrorCode::too_large);
  }
}

TEST(CheckBody, NamesTheMediaTypesItTakes) {
  const auto refused = check_body({}, route_of("POST", "/v1/search"),
                                  head_with("Content-Type: text/html\r\nContent-Length: 1\r\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::media_type);
  EXPECT_EQ(refused.error().fix, "send application/json or application/vnd.learndock.spec");
  EXPECT_TRUE(check_body({}, route_of("POST", "/v1/search"),
                         head_with("Content-Type: Application/JSON;charset=utf-8\r\n")));
}

TEST(CheckBody, RoutesWithoutABodyTakeNone) {
  const Route& route = route_of("GET", "/v1/status");
  EXPECT_TRUE(check_body({}, route, head_with("")));
  EXPECT_TRUE(check_body({}, route, head_with("Content-Length: 0\r\n")));
  EXPECT_FALSE(check_body({}, route, head_with("Content-Length: 1\r\n")));
  EXPECT_FALSE(check_body({}, route, head_with("Transfer-Encoding: chunked\r\n")));
}

TEST(PrincipalOf, ReadsTheTokenOfAWellFormedHeaderOnly) {
  ServerOptions options;
  options.push_token = "push-token-of-16b";
  const Access access(options, true);
  const auto kind = [&](const std::string& lines) { return principal_of(access, head_with(lines)).kind; };
  using Kind = Principal::Kind;
  EXPECT_EQ(kind(""), Kind::anonymous);
  EXPECT_EQ(kind("Authorization: Bearer push-token-of-16b\r\n"), Kind::holder);
  EXPECT_EQ(kind("authorization: bearer  push-token-of-16b \r\n"), Kind::holder);
  EXPECT_EQ(kind("Authorization: Bearer push-token-of-16\r\n"), Kind::unknown);
  EXPECT_EQ(kind("Authorization: Bearer push-token-of-16bb\r\n"), Kind::unknown);
  EXPECT_EQ(kind("Authorization: Bearer push-token-of-16b push-token-of-16b\r\n"), Kind::unknown);
  for (const char* malformed :
       {"", "Bearer", "Bearer ", "push-token-of-16b", "Basic push-token-of-16b", "Bearer=push-token-of-16b"})
    EXPECT_EQ(kind(std::string("Authorization: ") + malformed + "\r\n"), Kind::anonymous) << malformed;
}

}  // namespace
}  // namespace learndock::server
