#include "server/message.hpp"

#include "learndock/base/error.hpp"

#include "http/reason_phrase.hpp"

#include <gtest/gtest.h>

namespace learndock::server {
namespace {

TEST(HeadText, HoldsLengthAndRequestId) {
  Response response;
  response.body = "four";
  response.with("Content-Type", "text/plain");
  EXPECT_EQ(head_text(response, "r1", true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nX-Request-Id: r1\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
}

TEST(HeadText, AnswersWithoutContentHaveNoLength) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    EXPECT_EQ(head_text(response, "r", false).find("Content-Length"), std::string::npos) << status;
  }
}

TEST(HeadText, ValuesNeverBreakTheirLine) {
  Response response;
  response.with("Location", "/a\r\nSet-Cookie: x=1\n\n<b>");
  const std::string head = head_text(response, "r", false);
  EXPECT_EQ(head.find("\r\nSet-Cookie"), std::string::npos);
  EXPECT_NE(head.find("Location: /a  Set-Cookie: x=1  <b>\r\n"), std::string::npos);
}

TEST(ReasonPhrase, EveryStatusInTheErrorTableHasOne) {
  for (const ErrorCode code : all_error_codes())
    EXPECT_NE(http::reason_phrase(http_status(code)), "Unknown") << slug(code);
}

TEST(ProblemResponse, SaysWhenToComeBackAndHowToSignIn) {
  const auto has = [](const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.fields)
      if (key == name) return true;
    return false;
  };
  EXPECT_TRUE(has(problem_response({ErrorCode::overloaded, "x"}, "/", "r"), "Retry-After"));
  EXPECT_TRUE(has(problem_response({ErrorCode::unauthorized, "x"}, "/", "r"), "WWW-Authenticate"));
  const Response plain = problem_response({ErrorCode::not_found, "x"}, "/", "r");
  EXPECT_FALSE(has(plain, "Retry-After"));
  EXPECT_EQ(plain.fields[0].second, "application/problem+json");
  EXPECT_EQ(plain.status, 404);
}

}  // namespace
}  // namespace learndock::server
