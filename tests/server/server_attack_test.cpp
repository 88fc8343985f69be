// What one anonymous client may try against everybody else: each test is named after what it once did.
#include "server/server_fixture.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace learndock::testing {
namespace {

class AttackTest : public ServerTest {
 protected:
  RawAnswer ask_chunked(const std::string& chunks) {
    RawConnection connection(port());
    connection.send(request("POST /v1/search", std::string(kJson) + "Transfer-Encoding: chunked\r\n"));
    connection.send(chunks);
    return connection.read();
  }
  void expect_alive() { EXPECT_EQ(ask("GET /livez").status, 200); }
};

TEST_F(AttackTest, ALongTrailerEndsOneRequestAndNotTheServer) {
  start();
  for (const std::size_t bytes : {65'533u, 65'534u, 65'535u, 65'536u, 131'072u}) {
    const RawAnswer value = ask_chunked("2\r\n{}\r\n0\r\nX: " + std::string(bytes, 'a') + "\r\n\r\n");
    EXPECT_EQ(value.status, 431) << bytes;
    EXPECT_EQ(value.code(), "http.header_size");
    EXPECT_EQ(ask_chunked("2\r\n{}\r\n0\r\n" + std::string(bytes, 'a') + ": x\r\n\r\n").status, 431) << bytes;
    expect_alive();
  }
  EXPECT_EQ(ask_chunked("2\r\n{}\r\n0\r\nX: " + std::string(1000, 'a') + "\r\n\r\n").status, 200);
}

TEST_F(AttackTest, LongChunkExtensionsAreRefused) {
  start();
  EXPECT_EQ(ask_chunked("2;x=" + std::string(65'536, 'a') + "\r\n{}\r\n0\r\n\r\n").status, 431);
  EXPECT_EQ(ask_chunked("2\r\n{}\r\n0;x=\"" + std::string(65'536, 'a') + "\"\r\n\r\n").status, 431);
  expect_alive();
}

TEST_F(AttackTest, SlowLargeBodiesDoNotStopSearches) {
  options_.max_body_bytes = 8 << 20;
  options_.limits.max_table_bytes = 4 << 20;
  start();
  const std::string csv = "Content-Type: text/csv\r\n";
  const std::string search = request("POST /v1/search", kJson, R"({"text":"x"})");
  const std::string small_table = request("POST /v1/specifications?points=1", csv, "a\n1\n2\n");
  // Neither body ever ends. The first takes one address's part, all but a byte.
  RawConnection first(port()), second(port(), "127.0.0.2"), third(port(), "127.0.0.3");
  const std::string slow = request("POST /v1/specifications", csv + "Content-Length: 4194304\r\n");
  first.send(slow + std::string(4'194'303, '1'));
  await_metric("learndock_http_body_bytes 4194303");
  const std::string large(2 << 20, '1');
  EXPECT_EQ(ask("POST /v1/specifications", csv, large).status, 503) << "more than its address's part";
  EXPECT_EQ(third.ask(small_table).status, 200);
  // The second takes the rest of what large bodies may take: seven eighths of all.
  second.send(slow + std::string(7'340'032 - 4'194'303, '1'));
  await_metric("learndock_http_body_bytes 7340032");
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
    RawConnection connection(port(), address);
    EXPECT_EQ(connection.ask(search).status, 200) << address;
    EXPECT_EQ(connection.ask(small_table).status, 200) << address;
  }
  EXPECT_FALSE(first.has_answer() || second.has_answer()) << "both are still held";
}

TEST_F(AttackTest, ABodyThatWasFastAtFirstAndThenTricklesIsCutOff) {
  options_.limits.body_grace = std::chrono::milliseconds(100);
  options_.limits.min_body_bytes_per_second = 16 << 20;
  start();
  RawConnection connection(port());
  connection.send(
      request("POST /v1/specifications", "Content-Type: text/csv\r\nContent-Length: 60000000\r\n"));
  connection.send(std::string(20'000'000, '1'));
  while (!connection.has_answer() && connection.send("1")) {
  }
  const RawAnswer answer = connection.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.code(), "http.slow");
}

TEST_F(AttackTest, SlowUploadsOfOneAddressLeavePlacesForOthers) {
  options_.upload_wait = std::chrono::milliseconds(0);
  start();
  const std::string head = request("POST /v1/learnwares",
                                   "Content-Type: application/zip\r\nContent-Length: 9999\r\n"
                                   "Expect: 100-continue\r\n");
  std::vector<std::unique_ptr<RawConnection>> held;
  for (int i = 0; i < 2; ++i) {
    held.push_back(std::make_unique<RawConnection>(port()));
    EXPECT_EQ(held.back()->ask(head).status, 100);
  }
  EXPECT_EQ(ask("POST /v1/learnwares", "Content-Type: application/zip\r\nContent-Length: 9999\r\n").status,
            503);
  RawConnection other(port(), "127.0.0.2");
  const std::string package = example_package_bytes(1);
  EXPECT_EQ(other.ask(request("POST /v1/learnwares", "Content-Type: application/zip\r\n", package)).status,
            201);
}

TEST_F(AttackTest, AnUploadWaitsForAPlaceThatBecomesFree) {
  options_.max_uploads = 1;
  options_.upload_wait = std::chrono::minutes(1);
  start();
  const std::string head = request("POST /v1/learnwares",
                                   "Content-Type: application/zip\r\nContent-Length: 9999\r\n"
                                   "Expect: 100-continue\r\n");
  auto held = std::make_unique<RawConnection>(port());
  ASSERT_EQ(held->ask(head).status, 100);
  RawConnection second(port());
  second.send(request("POST /v1/learnwares", "Content-Type: application/zip\r\n", example_package_bytes(1)));
  held.reset();
  EXPECT_EQ(second.read().status, 201);
}

/// Silent connections from two addresses, as many as the server takes.
class CrowdTest : public AttackTest {
 protected:
  void crowd() {
    start();
    for (int i = 0; i < 40; ++i)
      for (const char* address : {"127.0.0.2", "127.0.0.3"})
        crowd_.push_back(std::make_unique<RawConnection>(port(), address));
  }
  int probe(const char* path, const char* from = "127.0.0.4") {
    RawConnection connection(port(), from);
    return connection.ask(request(std::string("GET ") + path)).status;
  }
  /// The same, asked again while every place is of a request that is being worked on.
  int probe_soon(const char* path) {
    int status = 503;
    for (int i = 0; i < 50 && status == 503; ++i) status = probe(path);
    return status;
  }
  std::vector<std::unique_ptr<RawConnection>> crowd_;
};

TEST_F(CrowdTest, SilentConnectionsGiveWayToNewOnes) {
  options_.max_connections = 16;
  options_.max_connections_per_peer = 16;
  crowd();
  EXPECT_EQ(probe("/livez"), 200);
  EXPECT_EQ(probe("/v1/status"), 200);
}

TEST_F(CrowdTest, SlowBodiesOfManyConnectionsLeavePlacesForOthers) {
  options_.max_connections = 8;
  options_.limits.least_rest = std::chrono::milliseconds(50);
  options_.limits.body_grace = std::chrono::minutes(10);
  start();
  RawConnection upload(port(), "127.0.0.5");  // the oldest body, but of an address with one connection
  const std::string body = R"({"text":"x"})";
  upload.send(request("POST /v1/search", "Content-Type: application/json\r\nContent-Length: " +
                                             std::to_string(body.size()) + "\r\n") +
              body.substr(0, 5));
  for (int i = 0; i < 7; ++i) {
    crowd_.push_back(std::make_unique<RawConnection>(port(), "127.0.0.2"));
    crowd_.back()->send(
        request("POST /v1/search", "Content-Type: application/json\r\nContent-Length: 500\r\n") + "{");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(probe("/v1/status"), 200) << i;
  upload.send(body.substr(5));
  EXPECT_EQ(upload.read().status, 200);
  crowd_.clear();  // else the server waits for them as it stops
}

TEST_F(CrowdTest, ProbesHavePlacesThatNoOtherRequestTakes) {
  options_.max_connections = 2;
  options_.limits.least_rest = std::chrono::minutes(10);
  start();
  // Connections that have asked and rest do not give way here, and no address has more than another:
  // everything is taken for good.
  std::vector<std::unique_ptr<RawConnection>> resting;
  for (const char* address : {"127.0.0.5", "127.0.0.6"}) {
    resting.push_back(std::make_unique<RawConnection>(port(), address));
    ASSERT_EQ(resting.back()->ask(request("GET /livez")).status, 200);
  }
  for (int i = 0; i < 100; ++i) crowd_.push_back(std::make_unique<RawConnection>(port(), "127.0.0.2"));
  for (const char* path : {"/livez", "/readyz", "/healthz", "/metrics"}) EXPECT_EQ(probe(path), 200) << path;
  EXPECT_EQ(probe("/v1/status"), 503);
  EXPECT_EQ(probe("/livez", "127.0.0.2"), 200) << "also for an address of the crowd";
}

TEST_F(CrowdTest, RestingConnectionsGiveWayAfterAWhile) {
  options_.max_connections = 2;
  options_.limits.least_rest = std::chrono::milliseconds(0);
  start();
  std::vector<std::unique_ptr<RawConnection>> resting;
  for (int i = 0; i < 2; ++i) {
    resting.push_back(std::make_unique<RawConnection>(port()));
    ASSERT_EQ(resting.back()->ask(request("GET /livez")).status, 200);
  }
  int status = 0;
  do status = probe("/v1/status");  // a connection rests a moment after its answer was read
  while (status == 503);
  EXPECT_EQ(status, 200);
}

TEST_F(CrowdTest, ConnectionsThatAskOftenLeaveEachAddressItsShare) {
  options_.max_connections = 8;
  options_.limits.least_rest = std::chrono::minutes(10);  // none of them rests long enough to give way for it
  start();
  for (int i = 0; i < 8; ++i) {
    crowd_.push_back(std::make_unique<RawConnection>(port(), i < 4 ? "127.0.0.2" : "127.0.0.3"));
    ASSERT_EQ(crowd_.back()->ask(request("GET /livez")).status, 200);
  }
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(probe_soon("/v1/status"), 200) << i;
    for (auto& one : crowd_) one->send(request("GET /livez"));  // those that were closed do not answer
  }
  crowd_.clear();
}

TEST_F(CrowdTest, AnswersThatAreNotReadLeaveEachAddressItsShare) {
  options_.max_connections = 4;
  options_.limits.least_rest = std::chrono::minutes(10);
  start();
  std::string many;
  for (int i = 0; i < 4000; ++i) many += request("GET /v1/openapi.json");
  for (int i = 0; i < 4; ++i) {
    crowd_.push_back(std::make_unique<RawConnection>(port(), "127.0.0.2"));
    crowd_.back()->send_until_full(many);
  }
  for (auto& one : crowd_)
    while (!one->has_answer()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(probe_soon("/v1/status"), 200) << i;
  crowd_.clear();
}

TEST_F(CrowdTest, AnAddressDoesNotTakeThePlacesOfOthersWithFewer) {
  options_.max_connections = 4;
  options_.limits.least_rest = std::chrono::minutes(10);
  start();
  std::vector<std::unique_ptr<RawConnection>> honest;
  for (const char* address : {"127.0.0.5", "127.0.0.6"}) {
    honest.push_back(std::make_unique<RawConnection>(port(), address));
    ASSERT_EQ(honest.back()->ask(request("GET /livez")).status, 200);
  }
  for (int i = 0; i < 20; ++i) {
    crowd_.push_back(std::make_unique<RawConnection>(port(), "127.0.0.2"));
    crowd_.back()->send(request("GET /livez"));
  }
  for (auto& one : honest) EXPECT_EQ(one->ask(request("GET /livez")).status, 200);
  crowd_.clear();
}

TEST_F(CrowdTest, BehindAProxyAllClientsMayHaveOneAddress) {
  options_.per_address_shares = false;
  options_.max_connections_per_peer = 1;
  start();
  std::vector<std::unique_ptr<RawConnection>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<RawConnection>(port()));
    EXPECT_EQ(clients.back()->ask(request("GET /v1/status")).status, 200) << i;
  }
}

TEST_F(AttackTest, APathCannotForgeFieldsOfTheLog) {
  start();
  set_log_level(LogLevel::info);
  ::testing::internal::CaptureStderr();
  static_cast<void>(ask("GET /v1/x\"status=200\"peer=1.2.3.4\\"));
  server_.reset();  // the line is written once the answer is out
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find(R"(path="/v1/x\"status=200\"peer=1.2.3.4\\" status=)"), std::string::npos) << log;
}

}  // namespace
}  // namespace learndock::testing
