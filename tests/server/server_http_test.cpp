// The server's HTTP manners, over raw sockets: framing, limits, deadlines, connections.
#include "server/server_fixture.hpp"

namespace learndock::testing {
namespace {

class HttpTest : public ServerTest {};

struct Smuggling {
  const char* name;
  const char* bytes;
};

void PrintTo(const Smuggling& test, std::ostream* out) { *out << test.name; }

class SmugglingTest : public ServerTest, public ::testing::WithParamInterface<Smuggling> {};

/// Each is one malformed request with a second one hidden behind it: the answer is one refusal, then the end.
TEST_P(SmugglingTest, OneRefusalThenTheEnd) {
  start();
  RawConnection connection(port());
  connection.send(GetParam().bytes);
  connection.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawAnswer answer = connection.read();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), "http.request");
  EXPECT_EQ(answer.field("connection"), "close");
  connection.finish_sending();
  EXPECT_TRUE(connection.closes());
}

#define LEARNDOCK_POST "POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
const Smuggling kSmuggling[] = {
    {"length_and_chunked", LEARNDOCK_POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"chunked_and_length", LEARNDOCK_POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
    {"two_lengths", LEARNDOCK_POST "Content-Length: 2\r\nContent-Length: 5\r\n\r\n{}"},
    {"two_equal_lengths", LEARNDOCK_POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"},
    {"list_length", LEARNDOCK_POST "Content-Length: 2, 2\r\n\r\n{}"},
    {"plus_length", LEARNDOCK_POST "Content-Length: +2\r\n\r\n{}"},
    {"coding_list", LEARNDOCK_POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
    {"chunked_twice",
     LEARNDOCK_POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"identity", LEARNDOCK_POST "Transfer-Encoding: identity\r\nX-Pad: 1\r\n\r\n"},
    {"xchunked", LEARNDOCK_POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
    {"space_before_colon", LEARNDOCK_POST "Content-Length : 2\r\n\r\n{}"},
    {"space_before_coding", LEARNDOCK_POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
    {"folded_coding", LEARNDOCK_POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
    {"folded_field", LEARNDOCK_POST "X-A: 1\r\n\tContent-Length: 2\r\n\r\n{}"},
    {"bare_lf_lines", "GET /livez HTTP/1.1\nHost: localhost\n\n"},
    {"bare_lf_in_one_line", LEARNDOCK_POST "X-A: 1\nContent-Length: 2\r\n\r\n{}"},
    {"bare_cr", LEARNDOCK_POST "X-A: 1\rContent-Length: 2\r\n\r\n{}"},
    {"tab_in_request_line", "GET\t/livez HTTP/1.1\r\nHost: localhost\r\n\r\n"},
    {"two_hosts", "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"},
    {"no_host", "GET /livez HTTP/1.1\r\n\r\n"},
    {"space_first_line", "GET /livez HTTP/1.1\r\n Host: localhost\r\n\r\n"},
    {"chunk_size_not_hex", LEARNDOCK_POST "Transfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n"},
    {"chunk_size_negative", LEARNDOCK_POST "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"},
    {"chunk_size_overflows",
     LEARNDOCK_POST "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n"},
    {"chunk_without_end", LEARNDOCK_POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n"},
    {"chunk_bare_lf", LEARNDOCK_POST "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n"},
};
#undef LEARNDOCK_POST

INSTANTIATE_TEST_SUITE_P(All, SmugglingTest, ::testing::ValuesIn(kSmuggling),
                         [](const auto& test) { return test.param.name; });

TEST_F(HttpTest, AnswersSeveralRequestsOfOneConnectionInOrder) {
  start();
  RawConnection connection(port());
  connection.send(request("GET /livez") + request("GET /nothing") + request("HEAD /v1/status") +
                  request("GET /v1/status"));
  EXPECT_EQ(connection.read().json()["status"], "live");
  EXPECT_EQ(connection.read().status, 404);
  const RawAnswer head = connection.read(true);
  EXPECT_EQ(head.status, 200);
  const RawAnswer full = connection.read();
  EXPECT_EQ(full.field("content-length"), head.field("content-length"));
  EXPECT_EQ(full.json()["learnwares"], 0);
}

TEST_F(HttpTest, AnswersARequestThatArrivesByteByByte) {
  start();
  RawConnection connection(port());
  for (const char byte : request("POST /v1/search", kJson, R"({"text":"x"})")) connection.send({&byte, 1});
  EXPECT_EQ(connection.read().status, 200);
}

TEST_F(HttpTest, TakesChunkedBodies) {
  start();
  RawConnection connection(port());
  connection.send(request("POST /v1/search", std::string(kJson) + "Transfer-Encoding: chunked\r\n"));
  connection.send("1;name=value\r\n{\r\n");
  connection.send("00a\r\n\"text\":\"x\"\r\n1\r\n}\r\n0\r\nTrailer: ignored\r\n\r\n");
  EXPECT_EQ(connection.read().status, 200);
  EXPECT_EQ(connection.ask(request("GET /livez")).status, 200) << "the connection goes on after the trailer";
}

TEST_F(HttpTest, SkipsAnEmptyLineBeforeARequest) {
  start();
  RawConnection connection(port());
  EXPECT_EQ(connection.ask("\r\n" + request("GET /livez")).status, 200);
}

TEST_F(HttpTest, ClosesWhenAsked) {
  start();
  RawConnection connection(port());
  EXPECT_EQ(connection.ask(request("GET /livez", "Connection: close\r\n")).field("connection"), "close");
  EXPECT_TRUE(connection.closes());
  RawConnection old(port());
  EXPECT_EQ(old.ask("GET /livez HTTP/1.0\r\n\r\n").status, 200);
  EXPECT_TRUE(old.closes());
}

TEST_F(HttpTest, SendsContinueOnlyForBodiesItWants) {
  start();
  RawConnection wanted(port());
  wanted.send(
      request("POST /v1/search", std::string(kJson) + "Content-Length: 2\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(wanted.read().status, 100);
  EXPECT_EQ(wanted.ask("{}").status, 200);
  RawConnection refused(port());
  refused.send(request("POST /v1/search",
                       "Content-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"));
  const RawAnswer answer = refused.read();
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(answer.field("connection"), "close");
}

TEST_F(HttpTest, RefusesTooLongBodiesBeforeReadingThem) {
  start();
  const RawAnswer declared = ask("POST /v1/search", std::string(kJson) + "Content-Length: 16777217\r\n");
  EXPECT_EQ(declared.status, 413);
  EXPECT_EQ(declared.code(), "limit.size");
  EXPECT_EQ(ask("GET /v1/status", "", "x").status, 400) << "not too long: not wanted at all";
}

TEST_F(HttpTest, RefusesAChunkedBodyOnceItIsTooLong) {
  options_.limits.max_json_bytes = 1000;
  start();
  RawConnection connection(port());
  connection.send(request("POST /v1/search", std::string(kJson) + "Transfer-Encoding: chunked\r\n"));
  connection.send("3e9\r\n" + std::string(1001, ' '));
  EXPECT_EQ(connection.read().status, 413);
}

TEST_F(HttpTest, TakesAHundredThousandTinyChunks) {
  start();
  RawConnection connection(port());
  connection.send(request("POST /v1/search", std::string(kJson) + "Transfer-Encoding: chunked\r\n"));
  std::string chunks;
  for (int i = 0; i < 100'000; ++i) chunks += "1\r\n \r\n";
  connection.send(chunks + "2\r\n{}\r\n0\r\n\r\n");
  EXPECT_EQ(connection.read().status, 200);
}

TEST_F(HttpTest, BoundsTargetsAndHeaders) {
  start();
  const RawAnswer target = ask("GET /" + std::string(9000, 'a'));
  EXPECT_EQ(target.status, 414);
  EXPECT_EQ(target.code(), "http.target_length");
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += fmt::format("X-{}: 1\r\n", i);
  EXPECT_EQ(ask("GET /livez", fields).code(), "http.header_size");
  EXPECT_EQ(ask("GET /livez", "X-Long: " + std::string(17'000, 'x') + "\r\n").status, 431);
  EXPECT_EQ(ask("GET /livez", "X-Long: " + std::string(12'000, 'x') + "\r\n").status, 200);
}

TEST_F(HttpTest, SpeaksOneVersionAndOneExpectation) {
  start();
  RawConnection two(port());
  EXPECT_EQ(two.ask("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n").status, 505);
  EXPECT_EQ(ask("POST /v1/search", std::string(kJson) + "Expect: dinner\r\n", "{}").code(), "http.expect");
}

TEST_F(HttpTest, WrongMethodsAndPathsAreProblems) {
  start();
  const RawAnswer method = ask("PUT /v1/search");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.field("allow"), "POST");
  EXPECT_EQ(method.field("content-type"), "application/problem+json");
  const RawAnswer missing = ask("GET /v1/none");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json()["instance"], "/v1/none");
  EXPECT_EQ(missing.json()["request_id"], missing.field("x-request-id"));
  EXPECT_EQ(ask("GET /v1/learnwares/%zz").status, 400);
}

TEST_F(HttpTest, KeepsHarmlessRequestIdsOnly) {
  start();
  EXPECT_EQ(ask("GET /livez", "X-Request-Id: my-id_1.2\r\n").field("x-request-id"), "my-id_1.2");
  for (const std::string& id : {std::string("a b"), std::string(65, 'a'), std::string("<x>")})
    EXPECT_NE(ask("GET /livez", "X-Request-Id: " + id + "\r\n").field("x-request-id"), id);
}

TEST_F(HttpTest, ASlowHeaderIsCutOff) {
  options_.limits.header_timeout = std::chrono::milliseconds(100);
  start();
  RawConnection connection(port());
  connection.send("GET /livez HTTP/1.1\r\nHost: loc");
  EXPECT_EQ(connection.read().status, 408);
  connection.finish_sending();
  EXPECT_TRUE(connection.closes());
  RawConnection silent(port());
  EXPECT_TRUE(silent.closes());
}

TEST_F(HttpTest, AStalledBodyIsCutOff) {
  options_.limits.body_grace = std::chrono::milliseconds(100);
  start();
  const RawAnswer answer = ask("POST /v1/search", std::string(kJson) + "Content-Length: 10\r\n");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.code(), "http.slow");
}

TEST_F(HttpTest, ASteadyButTooSlowBodyIsCutOff) {
  options_.limits.body_grace = std::chrono::milliseconds(200);
  options_.limits.min_body_bytes_per_second = std::size_t{1} << 40;
  start();
  RawConnection connection(port());
  connection.send(request("POST /v1/search", std::string(kJson) + "Content-Length: 16777216\r\n"));
  // Each byte breaks the silence, so that only the rate can be at fault. No byte follows the answer: sending
  // on would reset the connection, and the answer with it.
  while (!connection.has_answer() && connection.send(" ")) {
  }
  const RawAnswer answer = connection.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.code(), "http.slow");
}

TEST_F(HttpTest, AnIdleConnectionIsClosed) {
  options_.limits.idle_timeout = std::chrono::milliseconds(100);
  start();
  RawConnection connection(port());
  EXPECT_EQ(connection.ask(request("GET /livez")).status, 200);
  EXPECT_TRUE(connection.closes());
}

TEST_F(HttpTest, ConnectionsBeyondTheCapAreSentAway) {
  options_.max_connections = 1;
  options_.limits.least_rest = std::chrono::minutes(10);
  start();
  RawConnection first(port());
  EXPECT_EQ(first.ask(request("GET /livez")).status, 200);
  RawConnection second(port());
  // Also a client that has sent much already reads why it is turned away.
  second.send(request("POST /v1/search", kJson, std::string(100'000, ' ')));
  const RawAnswer answer = second.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("retry-after"), "1");
  EXPECT_EQ(answer.field("content-type"), "application/problem+json");
  EXPECT_EQ(answer.code(), "overloaded");
  second.finish_sending();
  EXPECT_TRUE(second.closes());
  EXPECT_EQ(first.ask(request("GET /livez")).status, 200);
}

TEST_F(HttpTest, OnePeerCannotTakeAllConnections) {
  options_.max_connections_per_peer = 1;
  options_.limits.least_rest = std::chrono::minutes(10);
  options_.limits.probe_header_timeout = std::chrono::milliseconds(50);
  start();
  {
    RawConnection first(port());
    EXPECT_EQ(first.ask(request("GET /livez")).status, 200);
    RawConnection second(port());
    EXPECT_EQ(second.read().status, 503);
  }
  RawAnswer later;
  do {  // the server learns of the end of the first connection in its own time
    RawConnection third(port());
    later = third.ask(request("GET /livez"));
  } while (later.status == 503);
  EXPECT_EQ(later.status, 200);
}

TEST_F(HttpTest, AnswersHeldForSlowReadersAreBounded) {
  options_.max_answer_bytes = 100;
  start();
  const RawAnswer answer = ask("GET /v1/status");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.code(), "overloaded");
}

TEST_F(HttpTest, StartRefusesWhatCannotBeServed) {
  start();
  server::ServerOptions taken = options_;
  taken.port = port();
  EXPECT_EQ(server::Server::start(*dock_, taken).error().code, ErrorCode::conflict);
  server::ServerOptions name = options_;
  name.address = "localhost";
  EXPECT_EQ(server::Server::start(*dock_, name).error().code, ErrorCode::invalid_argument);
  server::ServerOptions none = options_;
  none.io_threads = 0;
  EXPECT_EQ(server::Server::start(*dock_, none).error().code, ErrorCode::invalid_argument);
  server::ServerOptions elsewhere = options_;
  elsewhere.address = "192.0.2.1";
  EXPECT_EQ(server::Server::start(*dock_, elsewhere).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace learndock::testing
