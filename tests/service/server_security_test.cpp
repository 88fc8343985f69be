// Who may do what: tokens, loopback, other sites' pages, and what headers and answers give away.
#include "service/server_fixture.hpp"

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
  options_.token = "secret-canary";
  start();
  EXPECT_EQ(ask("GET /v1/status").json()["writes"], "token");
  for (const char* field :
       {"", "Authorization: Bearer wrong\r\n", "Authorization: Bearer secret-canaryx\r\n",
        "Authorization: Bearer secret-canar\r\n", "Authorization: Basic secret-canary\r\n",
        "Authorization: Bearer \r\n", "X-Token: secret-canary\r\n"}) {
    const RawAnswer refused = upload(example_package_bytes(1), field);
    EXPECT_EQ(refused.status, 401) << field;
    EXPECT_EQ(refused.field("www-authenticate"), "Bearer realm=\"learndock\"");
    EXPECT_EQ(refused.body.find("secret-canary"), std::string::npos);
    EXPECT_EQ(ask("DELETE /v1/learnwares/00000001", field).status, 401) << field;
  }
  EXPECT_EQ(market_->status().learnwares, 0u);
  EXPECT_EQ(upload(example_package_bytes(1), "Authorization: Bearer secret-canary\r\n").status, 201);
  EXPECT_EQ(ask("DELETE /v1/learnwares/00000001", "Authorization: bearer secret-canary\r\n").status, 204);
}

TEST_F(SecurityTest, TheTokenNeverReachesTheLog) {
  options_.token = "secret-canary";
  set_log_level(LogLevel::info);
  start();
  ::testing::internal::CaptureStderr();
  upload("x", "Authorization: Bearer secret-canary\r\n");
  ask("GET /livez?token=secret-canary", "Authorization: Bearer secret-canary\r\n");
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

}  // namespace
}  // namespace learndock::testing
