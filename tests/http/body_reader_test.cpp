#include "http/body_reader.hpp"

#include "http/body_pace.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace learndock::http {
namespace {

using std::chrono::milliseconds;

constexpr BodyReader::Limits kLimits{1000, 16 << 10, 100};

struct Read {
  std::string content;
  std::size_t used = 0;
  bool done = false;
  std::optional<ErrorCode> code;
  friend bool operator==(const Read&, const Read&) = default;
};

/// Feeds the bytes in pieces of this size.
Read read_in_pieces(BodyReader reader, std::string_view bytes, std::size_t piece) {
  Read read;
  while (!reader.done() && !bytes.empty()) {
    const auto used = reader.take(bytes.substr(0, piece), read.content);
    if (!used) {
      read.code = used.error().code;
      break;
    }
    read.used += *used;
    bytes.remove_prefix(*used);
  }
  read.done = reader.done();
  return read;
}

Read read_chunked(std::string_view bytes) {
  Read whole = read_in_pieces(BodyReader::chunked(kLimits), bytes, bytes.size());
  const Read single = read_in_pieces(BodyReader::chunked(kLimits), bytes, 1);
  EXPECT_EQ(whole.content, single.content) << "the same whatever the packets";
  EXPECT_EQ(whole.done, single.done);
  EXPECT_EQ(whole.code, single.code);
  return whole;
}

TEST(BodyReader, TakesExactlyTheDeclaredLength) {
  const Read read = read_in_pieces(BodyReader::of_length(5, kLimits), "helloGET /", 3);
  EXPECT_EQ(read.content, "hello");
  EXPECT_EQ(read.used, 5u);
  EXPECT_TRUE(read.done);
  EXPECT_TRUE(BodyReader::of_length(0, kLimits).done());
}

TEST(BodyReader, IsFramedAsTheHeadSays) {
  const auto content = [](const std::string& fields, std::string_view body) {
    const RequestHead head =
        parse_head("POST / HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n", HttpLimits{}).value();
    const Read read = read_in_pieces(BodyReader::of_head(head, kLimits), body, 1);
    return read.done ? read.content : "not done";
  };
  EXPECT_EQ(content("Content-Length: 3\r\n", "5\r\nhello\r\n0\r\n\r\n"), "5\r\n");
  EXPECT_EQ(content("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), "hello");
  EXPECT_EQ(content("Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), "hello");
  EXPECT_EQ(content("", "hello"), "") << "a request without a length has no body";
}

TEST(BodyReader, TakesChunksExtensionsAndTrailers) {
  const std::string body =
      "1;name=value\r\n{\r\n00a \t;x=\"y z\"\r\n0123456789\r\n0\r\nTrailer: ignored\r\nX-B:\r\n\r\n";
  const Read read = read_chunked(body + "GET / HTTP/1.1");
  EXPECT_EQ(read.content, "{0123456789");
  EXPECT_TRUE(read.done);
  EXPECT_EQ(read.used, body.size()) << "what follows is the next request's";
}

TEST(BodyReader, RefusesFramingThatTwoProgramsCouldReadDifferently) {
  for (const char* body : {"x\r\n",
                           "\r\n",
                           ";a\r\n",
                           "-2\r\n{}\r\n",
                           "+2\r\n{}\r\n",
                           "0x2\r\n{}\r\n",
                           " 2\r\n{}\r\n",
                           "2 3\r\n",
                           "2\n{}\n",
                           "2\r{}",
                           "2\r\n{}XX",
                           "2\r\n{}\n",
                           "2;a\nb\r\n",
                           "10000000000000002\r\n",
                           "2;\x01\r\n",
                           "0\r\n \r\n\r\n",
                           "0\r\nX\r\n\r\n",
                           "0\r\nX : 1\r\n\r\n",
                           "0\r\nX: 1\n\r\n",
                           "0\r\nX: 1\rY: 2\r\n\r\n",
                           "0\r\nContent-Length: 2\r\n\r\n",
                           "0\r\ntransfer-encoding: chunked\r\n\r\n",
                           "0\r\nHost: x\r\n\r\n",
                           "0\r\n\n",
                           "0\r\nX: a\x01z\r\n\r\n"})
    EXPECT_EQ(read_chunked(body).code, ErrorCode::http_request) << body;
}

TEST(BodyReader, BoundsTheContentBeforeItArrives) {
  EXPECT_EQ(read_chunked("3e9\r\n").code, ErrorCode::too_large);
  EXPECT_EQ(read_chunked("ffffffffffffffff\r\n").code, ErrorCode::too_large);
  EXPECT_EQ(read_chunked("3e8\r\n").code, std::nullopt);
  EXPECT_EQ(read_chunked("1\r\nx\r\n3e8\r\n").code, ErrorCode::too_large) << "of all chunks together";
  EXPECT_EQ(read_in_pieces(BodyReader::until_close(kLimits), std::string(1001, 'x'), 100).code,
            ErrorCode::too_large);
}

TEST(BodyReader, TrailersAreBoundedInBytesAndNumber) {
  for (const std::size_t bytes : {65'533u, 65'534u, 65'535u, 65'536u, 131'072u}) {
    EXPECT_EQ(read_chunked("0\r\nX: " + std::string(bytes, 'a') + "\r\n\r\n").code,
              ErrorCode::http_header_size);
    EXPECT_EQ(read_chunked("0\r\n" + std::string(bytes, 'a') + ": x\r\n\r\n").code,
              ErrorCode::http_header_size);
  }
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: 1\r\n";
  EXPECT_EQ(read_chunked("0\r\n" + many + "\r\n").code, ErrorCode::http_header_size);
  EXPECT_TRUE(read_chunked("0\r\nX: " + std::string(16'000, 'a') + "\r\n\r\n").done);
}

TEST(BodyReader, ExtensionsAreBoundedInOneChunkAndInAll) {
  EXPECT_EQ(read_chunked("2;x=" + std::string(65'536, 'a') + "\r\n{}\r\n").code, ErrorCode::http_header_size);
  EXPECT_EQ(read_chunked("0;x=" + std::string(65'536, 'a') + "\r\n\r\n").code, ErrorCode::http_header_size);
  std::string many;
  for (int i = 0; i < 100; ++i) many += "1;" + std::string(1000, 'a') + "\r\n \r\n";
  EXPECT_EQ(read_chunked(many + "0\r\n\r\n").code, ErrorCode::http_request);
  std::string honest;
  for (int i = 0; i < 1000; ++i) honest += "1\r\n \r\n";
  EXPECT_TRUE(read_chunked(honest + "0\r\n\r\n").done);
}

HttpLimits pace_limits() {
  HttpLimits limits;
  limits.body_grace = milliseconds(10'000);
  limits.min_body_bytes_per_second = 1000;
  limits.body_timeout = milliseconds(100'000);
  limits.min_package_bytes_per_second = 5000;
  return limits;
}

TEST(BodyPace, BytesSentEarlyBuyNoTimeLater) {
  const HttpLimits limits = pace_limits();
  BodyPace pace(limits, false);
  ASSERT_TRUE(pace.add(milliseconds(10), 64 << 20));
  Result<void> last;
  int waited = 0;
  for (; last && waited < 60; ++waited) last = pace.add(milliseconds(1'000), 1);
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::http_slow);
  EXPECT_LE(waited, 12);
}

TEST(BodyPace, AFairRateWithPausesIsKept) {
  const HttpLimits limits = pace_limits();
  BodyPace pace(limits, false);
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(pace.add(milliseconds(8'000), 40'000)) << i;
}

TEST(BodyPace, AllOfABodyHasATimeAndOnlyAPackageMore) {
  const HttpLimits limits = pace_limits();
  BodyPace table(limits, false);
  BodyPace package(limits, true);
  BodyPace slow_package(limits, true);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(table.add(milliseconds(1'000), 100'000));
    EXPECT_TRUE(package.add(milliseconds(1'000), 6'000));
    EXPECT_TRUE(slow_package.add(milliseconds(1'000), 2'000));
  }
  EXPECT_EQ(table.add(milliseconds(1'000), 100'000).error().code, ErrorCode::http_slow);
  Result<void> last;
  for (int i = 0; i < 400 && last; ++i) {
    EXPECT_TRUE(package.add(milliseconds(1'000), 6'000));
    last = slow_package.add(milliseconds(1'000), 2'000);
  }
  EXPECT_FALSE(last);
}

}  // namespace
}  // namespace learndock::http
