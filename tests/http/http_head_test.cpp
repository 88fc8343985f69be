#include "http/http_head.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace learndock::http {
namespace {

const HttpLimits kHeadLimits;

Result<RequestHead> parse(const std::string& text) { return parse_head(text, kHeadLimits); }

/// A request that is right but for the given extra header lines.
std::string with_lines(const std::string& lines) {
  return "POST /v1/search HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n";
}

TEST(ParseHead, ReadsAPlainRequest) {
  const RequestHead head =
      parse("GET /a?b HTTP/1.1\r\nHost: localhost:1\r\nX-Thing:  two words \t\r\n\r\n").value();
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/a?b");
  EXPECT_EQ(head.host, "localhost:1");
  EXPECT_EQ(head.field("x-thing"), "two words");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.has_body());
}

TEST(ParseHead, ReadsFraming) {
  EXPECT_EQ(parse(with_lines("Content-Length: 12\r\n")).value().content_length, 12u);
  EXPECT_TRUE(parse(with_lines("Transfer-Encoding: Chunked\r\n")).value().chunked);
  EXPECT_TRUE(parse(with_lines("Expect: 100-Continue\r\n")).value().expects_continue);
}

TEST(ParseHead, CloseWinsOverKeepAlive) {
  EXPECT_FALSE(parse(with_lines("Connection: keep-alive, Close\r\n")).value().keep_alive);
  EXPECT_FALSE(parse(with_lines("Connection: keep-alive\r\nConnection: close\r\n")).value().keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").value().keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").value().keep_alive);
}

TEST(ParseHead, TakesTheAuthorityOfAnAbsoluteTarget) {
  const RequestHead head = parse("GET http://dock.example:81/a HTTP/1.1\r\nHost: other\r\n\r\n").value();
  EXPECT_EQ(head.target, "/a");
  EXPECT_EQ(head.host, "dock.example:81");
  EXPECT_EQ(parse("GET http://dock.example HTTP/1.1\r\nHost: x\r\n\r\n").value().target, "/");
}

struct Case {
  const char* name;
  std::string text;
  ErrorCode code = ErrorCode::http_request;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class RefusedHead : public ::testing::TestWithParam<Case> {};

TEST_P(RefusedHead, IsRefusedWithItsCode) {
  const auto head = parse(GetParam().text);
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, GetParam().code) << head.error().message;
}

const Case kRefused[] = {
    {"length_and_chunked", with_lines("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
    {"chunked_and_length", with_lines("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
    {"two_lengths", with_lines("Content-Length: 3\r\nContent-Length: 4\r\n")},
    {"two_equal_lengths", with_lines("Content-Length: 3\r\nContent-Length: 3\r\n")},
    {"list_length", with_lines("Content-Length: 3, 3\r\n")},
    {"signed_length", with_lines("Content-Length: +3\r\n")},
    {"negative_length", with_lines("Content-Length: -3\r\n")},
    {"hex_length", with_lines("Content-Length: 0x3\r\n")},
    {"empty_length", with_lines("Content-Length:\r\n")},
    {"spaced_length", with_lines("Content-Length: 3 4\r\n")},
    {"huge_length", with_lines("Content-Length: 18446744073709551616\r\n")},
    {"two_codings", with_lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {"coding_list", with_lines("Transfer-Encoding: gzip, chunked\r\n")},
    {"chunked_twice", with_lines("Transfer-Encoding: chunked, chunked\r\n")},
    {"identity", with_lines("Transfer-Encoding: identity\r\n")},
    {"almost_chunked", with_lines("Transfer-Encoding: xchunked\r\n")},
    {"quoted_chunked", with_lines("Transfer-Encoding: \"chunked\"\r\n")},
    {"chunked_with_parameter", with_lines("Transfer-Encoding: chunked;a=b\r\n")},
    {"vertical_tab_chunked", with_lines("Transfer-Encoding: \x0b"
                                        "chunked\r\n")},
    {"chunked_in_1_0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"space_before_colon", with_lines("Content-Length : 3\r\n")},
    {"tab_before_colon", with_lines("Transfer-Encoding\t: chunked\r\n")},
    {"folded_line", with_lines("X-A: b\r\n c\r\n")},
    {"folded_first_line", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n"},
    {"no_colon", with_lines("Garbage\r\n")},
    {"empty_name", with_lines(": value\r\n")},
    {"name_with_parenthesis", with_lines("X(a): value\r\n")},
    {"control_in_value", with_lines("X-A: b\x01\r\n")},
    {"delete_in_value", with_lines("X-A: b\x7f\r\n")},
    {"no_host", "GET / HTTP/1.1\r\n\r\n"},
    {"two_hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
    {"two_spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"tab_for_space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"space_in_target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"raw_utf8_target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"authority_form", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no_version", "GET /\r\nHost: a\r\n\r\n"},
    {"lower_case_version", "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"long_version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"version_2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", ErrorCode::http_version},
    {"bad_method", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"long_method", std::string(40, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"no_end", "GET / HTTP/1.1\r\nHost: a\r\n"},
    {"empty", ""},
    {"only_the_end", "\r\n\r\n"},
    {"other_expectation", with_lines("Expect: 200-ok\r\n"), ErrorCode::http_expect},
    {"two_expectations", with_lines("Expect: 100-continue\r\nExpect: 100-continue\r\n")},
    {"long_target", "GET /" + std::string(8193, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
     ErrorCode::http_target_length},
};

INSTANTIATE_TEST_SUITE_P(All, RefusedHead, ::testing::ValuesIn(kRefused),
                         [](const auto& test) { return test.param.name; });

TEST(ParseHead, CountsFields) {
  std::string lines;
  for (std::size_t i = 1; i < kHeadLimits.max_header_fields; ++i)
    lines += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_TRUE(parse(with_lines(lines)));
  const auto refused = parse(with_lines(lines + "X-Last: 1\r\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::http_header_size);
}

TEST(FindHeadEnd, FindsItHoweverTheBytesArrive) {
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
  const std::size_t end = text.size() - 4;
  for (std::size_t first = 0; first <= text.size(); ++first) {
    const auto early = find_head_end(std::string_view(text).substr(0, first), 0, kHeadLimits).value();
    EXPECT_EQ(early.complete, first >= end);
    const auto late = find_head_end(text, first < end ? first : 0, kHeadLimits).value();
    ASSERT_TRUE(late.complete) << first;
    EXPECT_EQ(late.bytes, end);
  }
}

TEST(FindHeadEnd, RefusesAtTheFirstHopelessByte) {
  for (const char* text : {"GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nHost: a\n\n", "GET / \rHTTP", "\n"})
    EXPECT_EQ(find_head_end(text, 0, kHeadLimits).error().code, ErrorCode::http_request) << text;
  EXPECT_FALSE(find_head_end(std::string_view("GET \0", 5), 0, kHeadLimits));
  EXPECT_FALSE(find_head_end("GET / HTTP/1.1\r", 0, kHeadLimits).value().complete);  // the LF may follow
}

TEST(FindHeadEnd, BoundsLineAndHeader) {
  const std::string line = "GET /" + std::string(9000, 'a');
  EXPECT_EQ(find_head_end(line, 0, kHeadLimits).error().code, ErrorCode::http_target_length);
  std::string header = "GET / HTTP/1.1\r\n";
  while (header.size() < kHeadLimits.max_header_bytes)
    header += "X-Filler: " + std::string(1000, 'x') + "\r\n";
  EXPECT_EQ(find_head_end(header, 0, kHeadLimits).error().code, ErrorCode::http_header_size);
  EXPECT_EQ(find_head_end(header + "\r\n", 0, kHeadLimits).error().code, ErrorCode::http_header_size);
}

}  // namespace
}  // namespace learndock::http
