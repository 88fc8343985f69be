// Who may do what: tokens, loopback, other sites' pages, and what headers and answers give away.
#include "learndock/base/json.hpp"

#include "io/digest.hpp"
#include "server/server_fixture.hpp"

namespace learndock::testing {
namespace {

class SecurityTest : public ServerTest {};

TEST_F(SecurityTest, ALoopbackServerAnswersOnlyToThisMachinesNames) {
  start();
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]", "127.0.0.1"}) {
    RawConnection connection(port());
    EXPECT_EQ(connection.ask(fmt::format("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", host)).status, 200)
        << host;
  }
  for (const char* host :
       {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "192.168.0.1"}) {
    RawConnection connection(port());
    const RawAnswer answer = connection.ask(fmt::format("GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", host));
    EXPECT_EQ(answer.status, 421) << host;
    EXPECT_EQ(answer.code(), "http.host") << host;
  }
  RawConnection absolute(port());
  EXPECT_EQ(absolute.ask("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421);
}

TEST_F(SecurityTest, AServerBeyondThisMachineAnswersToAnyName) {
  options_.address = "0.0.0.0";
  start();
  RawConnection connection(port());
  EXPECT_EQ(connection.ask("GET /livez HTTP/1.1\r\nHost: dock.example\r\n\r\n").status, 200);
}

TEST_F(SecurityTest, LoopbackWithoutTokenIsOpen) {
  start();
  EXPECT_EQ(ask("GET /v1/status").json()["writes"], "open");
  EXPECT_EQ(upload(example_package_bytes(1)).status, 201);
  EXPECT_EQ(ask("DELETE /v1/learnwares/00000001").status, 204);
}

TEST_F(SecurityTest, BeyondThisMachineWithoutTokenWritesAreClosed) {
  options_.address = "0.0.0.0";
  start();
  EXPECT_EQ(ask("GET /v1/status").json()["writes"], "closed");
  const RawAnswer refused = upload(example_package_bytes(1));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.json()["fix"].get<std::string>().find("token"), std::string::npos);
  const LearnwareId id = add(1);
  EXPECT_EQ(ask("DELETE /v1/learnwares/" + id.text()).status, 403);
  EXPECT_EQ(ask("GET /v1/learnwares/" + id.text()).status, 200);
}

TEST_F(SecurityTest, TheTokenOpensWritesAndNothingElseDoes) {
  options_.token = "secret-canary-of-24-bytes";
  start();
  EXPECT_EQ(ask("GET /v1/status").json()["writes"], "token");
  for (const char* field :
       {"", "Authorization: Bearer wrong\r\n", "Authorization: Bearer secret-canary-of-24-bytesx\r\n",
        "Authorization: Bearer secret-canary-of-24-byte\r\n",
        "Authorization: Basic secret-canary-of-24-bytes\r\n", "Authorization: Bearer \r\n",
        "X-Token: secret-canary-of-24-bytes\r\n"}) {
    const RawAnswer refused = upload(example_package_bytes(1), field);
    EXPECT_EQ(refused.status, 401) << field;
    EXPECT_EQ(refused.field("www-authenticate"), "Bearer realm=\"learndock\"");
    EXPECT_EQ(refused.body.find("secret-canary-of-24-bytes"), std::string::npos);
    EXPECT_EQ(ask("DELETE /v1/learnwares/00000001", field).status, 401) << field;
  }
  EXPECT_EQ(dock_->status().learnwares, 0u);
  EXPECT_EQ(upload(example_package_bytes(1), "Authorization: Bearer secret-canary-of-24-bytes\r\n").status,
            201);
  EXPECT_EQ(
      ask("DELETE /v1/learnwares/00000001", "Authorization: bearer secret-canary-of-24-bytes\r\n").status,
      204);
}

TEST_F(SecurityTest, BehindAProxyALoopbackDockWithoutTokenTakesNoWrites) {
  start();
  const LearnwareId id = add(1);
  for (const char* field :
       {"X-Forwarded-For: 203.0.113.7", "x-forwarded-proto: https", "X-Forwarded-Host: dock.example",
        "Forwarded: for=203.0.113.7", "Via: 1.1 proxy", "X-Real-IP: 203.0.113.7",
        "CF-Connecting-IP: 203.0.113.7", "True-Client-IP: 203.0.113.7", "X-Forwarded-For:"}) {
    const std::string line = fmt::format("{}\r\n", field);
    const RawAnswer refused = ask("DELETE /v1/learnwares/" + id.text(), line);
    EXPECT_EQ(refused.status, 403) << field;
    EXPECT_NE(refused.json()["detail"].get<std::string>().find("proxy"), std::string::npos);
    EXPECT_NE(refused.json()["fix"].get<std::string>().find("token"), std::string::npos);
    EXPECT_EQ(upload(example_package_bytes(2), line).status, 403) << field;
    EXPECT_EQ(ask("GET /v1/learnwares/" + id.text(), line).status, 200) << field;
  }
  EXPECT_EQ(dock_->status().learnwares, 1u);
}

TEST_F(SecurityTest, WithATokenAProxysRequestsAreTaken) {
  options_.token = "secret-canary-of-24-bytes";
  start();
  EXPECT_EQ(upload(example_package_bytes(1),
                   "X-Forwarded-For: 203.0.113.7\r\nAuthorization: Bearer secret-canary-of-24-bytes\r\n")
                .status,
            201);
}

TEST_F(SecurityTest, WhoMayPushCannotDeleteOthersWork) {
  options_.push_token = "for-pushing-only-16b";
  options_.delete_token = "for-deleting-only-16b";
  start();
  const std::string push = "Authorization: Bearer for-pushing-only-16b\r\n";
  const std::string remove = "Authorization: Bearer for-deleting-only-16b\r\n";
  EXPECT_EQ(upload(example_package_bytes(1), remove).status, 403);
  EXPECT_EQ(upload(example_package_bytes(1), push).status, 201);
  EXPECT_EQ(ask("DELETE /v1/learnwares/00000001", push).status, 403);
  EXPECT_EQ(ask("DELETE /v1/learnwares/00000001", remove).status, 204);
  const Json status = ask("GET /v1/status").json();
  EXPECT_EQ(status["writes"], "token");
  EXPECT_EQ(status["access"], (Json{{"read", "open"}, {"push", "token"}, {"delete", "token"}}));
}

TEST_F(SecurityTest, GuessesOfAnAddressAreThrottled) {
  options_.token = "secret-canary-of-24-bytes";
  options_.wrong_tokens = 3;
  start();
  const auto guess = [&](const char* token) {
    return ask("DELETE /v1/learnwares/00000001", fmt::format("Authorization: Bearer {}\r\n", token));
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(guess("a-wrong-token-guessed").status, 401);
  const RawAnswer refused = guess("another-wrong-token");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "auth.throttled");
  EXPECT_EQ(refused.field("retry-after"), "60");
  EXPECT_EQ(guess("secret-canary-of-24-bytes").status, 429);
  EXPECT_EQ(ask("GET /v1/status").status, 200);
}

TEST_F(SecurityTest, ReadersNeedNoTokenAndAWrongOneIsNotCounted) {
  options_.token = "secret-canary-of-24-bytes";
  options_.wrong_tokens = 3;
  start();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(ask("GET /v1/learnwares", "Authorization: Bearer a-wrong-token-guessed\r\n").status, 200);
  EXPECT_EQ(
      ask("DELETE /v1/learnwares/00000001", "Authorization: Bearer secret-canary-of-24-bytes\r\n").status,
      404);
}

TEST_F(SecurityTest, TheLogSaysWhichTokenPushedAndDeleted) {
  options_.push_token = "for-pushing-only-16b";
  options_.delete_token = "for-deleting-only-16b";
  set_log_level(LogLevel::info);
  start();
  ::testing::internal::CaptureStderr();
  upload(example_package_bytes(1), "Authorization: Bearer for-pushing-only-16b\r\n");
  ask("DELETE /v1/learnwares/00000001", "Authorization: Bearer for-deleting-only-16b\r\n");
  ask("DELETE /v1/learnwares/00000001");
  ask("DELETE /v1/learnwares/00000001", "Authorization: Bearer a-wrong-token-guessed\r\n");
  server_->stop();
  server_->wait();
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::string push = "push:" + io::sha256_hex("for-pushing-only-16b").substr(0, 8);
  const std::string remove = "delete:" + io::sha256_hex("for-deleting-only-16b").substr(0, 8);
  EXPECT_NE(log.find("stored learnware=00000001"), std::string::npos) << log;
  EXPECT_NE(log.find("deleted learnware=00000001"), std::string::npos) << log;
  EXPECT_NE(log.find("status=201"), std::string::npos) << log;
  EXPECT_NE(log.find("who=" + push), std::string::npos) << log;
  EXPECT_NE(log.find("who=" + remove), std::string::npos) << log;
  EXPECT_NE(log.find("who=no-token"), std::string::npos) << log;
  EXPECT_NE(log.find("who=wrong-token"), std::string::npos) << log;
  EXPECT_EQ(log.find("only-16b"), std::string::npos) << log;
}

TEST_F(SecurityTest, AServerDoesNotStartWithAShortToken) {
  options_.token = "a";
  EXPECT_FALSE(server::Server::start(*dock_, options_));
}

TEST_F(SecurityTest, TheTokenNeverReachesTheLog) {
  options_.token = "secret-canary-of-24-bytes";
  set_log_level(LogLevel::info);
  start();
  ::testing::internal::CaptureStderr();
  upload("x", "Authorization: Bearer secret-canary-of-24-bytes\r\n");
  ask("GET /livez?token=secret-canary-of-24-bytes", "Authorization: Bearer secret-canary-of-24-bytes\r\n");
  server_->stop();
  server_->wait();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("path=\"/livez\" status=200"), std::string::npos) << log;
  EXPECT_EQ(log.find("canary"), std::string::npos) << log;
}

TEST_F(SecurityTest, OtherSitesPagesCannotWrite) {
  start();
  for (const char* origin :
       {"https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"}) {
    const RawAnswer refused = upload(example_package_bytes(1), fmt::format("Origin: {}\r\n", origin));
    EXPECT_EQ(refused.status, 403) << origin;
    EXPECT_EQ(refused.field("access-control-allow-origin"), "");
  }
  EXPECT_EQ(upload(example_package_bytes(1), "Origin: http://localhost\r\n").status, 201);
  const RawAnswer preflight = ask("OPTIONS /v1/learnwares",
                                  "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n");
  EXPECT_EQ(preflight.status, 405);
}

TEST_F(SecurityTest, AFormCannotUpload) {
  start();
  for (const char* media :
       {"text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    const RawAnswer refused =
        ask("POST /v1/learnwares", fmt::format("Content-Type: {}\r\n", media), example_package_bytes(1));
    EXPECT_EQ(refused.status, 415) << media;
    EXPECT_EQ(refused.code(), "http.media_type");
  }
  EXPECT_EQ(ask("POST /v1/learnwares", "", example_package_bytes(1)).status, 415);
}

TEST_F(SecurityTest, ThePageCarriesItsPolicies) {
  start();
  const RawAnswer page = ask("GET /");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("content-type"), "text/html; charset=utf-8");
  const std::string policy = page.field("content-security-policy");
  for (const char* rule : {"default-src 'none'", "script-src 'self'", "style-src 'self'",
                           "frame-ancestors 'none'", "base-uri 'none'"})
    EXPECT_NE(policy.find(rule), std::string::npos) << rule;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(page.field("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.field("referrer-policy"), "no-referrer");
  EXPECT_EQ(ask("GET /", "If-None-Match: " + page.field("etag") + "\r\n").status, 304);
  EXPECT_EQ(ask("GET /app.js").field("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(ask("GET /style.css").field("content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(ask("GET /v1/openapi.json").json()["openapi"], "3.1.0");
}

TEST_F(SecurityTest, NoPathLeadsOutOfTheAssets) {
  start();
  for (const char* path : {"/../etc/passwd", "/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/app.js%00.html",
                           "//etc/passwd", "/style.css/", "/v1/learnwares/..%2f..%2fdock/package"}) {
    const int status = ask(std::string("GET ") + path).status;
    EXPECT_TRUE(status == 400 || status == 404) << path << " " << status;
  }
}

TEST_F(SecurityTest, AnErrorDoesNotEchoAnInputOfManyMebibytes) {
  start();
  const std::string ten(10 << 20, 'k');
  const std::string controls = [] {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += "\\u0001";
    return text;
  }();
  for (const std::string& body :
       {fmt::format(R"({{"{}":1}})", ten), fmt::format(R"({{"spec":{{"type":"{}"}}}})", ten),
        fmt::format(R"({{"spec":{{"type":"RKMETableSpecification","{}":1}}}})", ten),
        fmt::format(R"({{"semantic":{{"Task":{{"Values":["{}"]}}}}}})", ten),
        fmt::format(R"({{"backend":"{}"}})", ten), fmt::format(R"({{"mixture_method":"{}"}})", ten),
        fmt::format(R"({{"{0}":1,"{0}":2}})", ten.substr(0, 5 << 20)), fmt::format(R"({{"{}":1}})", controls),
        ten}) {
    const RawAnswer answer = ask("POST /v1/search", kJson, body);
    EXPECT_GE(answer.status, 400) << body.substr(0, 60);
    EXPECT_LT(answer.body.size(), 4096u) << body.substr(0, 60);
    EXPECT_FALSE(answer.code().empty());
  }
}

TEST_F(SecurityTest, AnErrorDoesNotListAMillionColumns) {
  start();
  std::string header = "first";
  for (int i = 0; i < 50'000; ++i) header += fmt::format(",column number {}", i);
  for (const std::string& table : {header + "\n", std::string(5 << 20, 'x') + ",b\n1,y\n"})
    for (const char* query : {"?label=zz", "?gamma=zz", ""}) {
      const RawAnswer answer =
          ask(fmt::format("POST /v1/specifications{}", query), "Content-Type: text/csv\r\n", table);
      EXPECT_GE(answer.status, 400) << query;
      EXPECT_LT(answer.body.size(), 4096u) << query;
    }
}

TEST_F(SecurityTest, AnErrorDoesNotEchoALongPathOrHeader) {
  start();
  EXPECT_LT(ask("GET /" + std::string(8000, 'p')).body.size(), 4096u);
  EXPECT_LT(ask("GET /v1/learnwares?limit=" + std::string(7000, '9')).body.size(), 4096u);
  EXPECT_LT(upload("x", fmt::format("Origin: http://{}\r\n", std::string(12'000, 'o'))).body.size(), 4096u);
  EXPECT_LT(upload("x", fmt::format("Content-Digest: {}\r\n", std::string(12'000, 'd'))).body.size(), 4096u);
}

}  // namespace
}  // namespace learndock::testing
