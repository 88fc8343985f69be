// Many at once, too many at once, and stopping in the middle.
#include "learndock/base/json.hpp"

#include "server/server_fixture.hpp"

#include <atomic>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <utility>

namespace learndock::testing {
namespace {

class LoadTest : public ServerTest {
 protected:
  /// Starts a server whose only worker for reads is stuck: a pipe in the place of a package blocks the
  /// thread that opens it until another one opens the other end.
  class Blocked {
   public:
    explicit Blocked(LoadTest& test) : id_(test.add(1)), blob_(test.dock_->package_path(id_).value()) {
      test.options_.read_threads = 1;
      if (test.options_.work_queue == server::ServerOptions().work_queue) test.options_.work_queue = 0;
      test.start();
      std::filesystem::remove(blob_);
      EXPECT_EQ(::mkfifo(blob_.c_str(), 0600), 0);
      connection_.emplace(test.port());
      connection_->send(request("GET /v1/learnwares/" + id() + "/package"));
      test.await_metric("learndock_http_handlers_running 1");
    }
    ~Blocked() { release(); }
    [[nodiscard]] std::string id() const { return id_.text(); }
    void release() {
      if (!std::exchange(released_, true)) const std::ofstream other_end(blob_);
    }

   private:
    LearnwareId id_;
    std::filesystem::path blob_;
    std::optional<RawConnection> connection_;
    bool released_ = false;
  };
};

TEST_F(LoadTest, SearchesUploadsAndRemovalsAtOnce) {
  for (int i = 1; i <= 3; ++i) static_cast<void>(add(i));
  options_.io_threads = 2;
  start();
  query::SearchRequest request;
  request.specification = specification::from_json_text(kStatisticalText).value();
  const std::string body = to_text(query::to_json(request));
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      RawConnection connection(port());
      for (int i = 0; i < 40; ++i) {
        const RawAnswer answer = connection.ask(this->request("POST /v1/search", kJson, body));
        if (answer.status != 200 || answer.json()["singles"].size() < 3) ++failures;
      }
    });
  threads.emplace_back([&] {
    for (int i = 10; i < 20; ++i) {
      const RawAnswer stored = upload(example_package_bytes(i));
      if (stored.status != 201 || ask("DELETE " + stored.field("location")).status != 204) ++failures;
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 40; ++i)
      if (ask("GET /v1/learnwares?limit=200").status != 200 || ask("GET /metrics").status != 200) ++failures;
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(dock_->status().learnwares, 3u);
  EXPECT_EQ(staged_files(), 0u);
}

TEST_F(LoadTest, BeyondTheQueueRequestsAreSentAway) {
  const LearnwareId id = add(1);
  const auto blob = dock_->package_path(id).value();
  options_.read_threads = 1;
  options_.work_queue = 0;
  start();
  // A pipe in the place of the package: opening it blocks the only worker until somebody opens the other end.
  std::filesystem::remove(blob);
  ASSERT_EQ(::mkfifo(blob.c_str(), 0600), 0);
  RawAnswer slow;
  std::thread busy([&] {
    RawConnection connection(port());
    // Both clients compete for the one place: this one asks until it has it.
    do slow = connection.ask(request("GET /v1/learnwares/" + id.text() + "/package"));
    while (slow.status == 503);
  });
  RawConnection other(port());
  RawAnswer answer;
  do answer = other.ask(request("GET /v1/status"));
  while (answer.status == 200);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.code(), "overloaded");
  EXPECT_EQ(answer.field("retry-after"), "1");
  EXPECT_EQ(other.ask(request("GET /livez")).status, 200) << "probes of the process need no worker";
  { const std::ofstream release(blob); }
  busy.join();
  EXPECT_EQ(slow.status, 500) << "it was not cut off, and an empty pipe is not the package";
  EXPECT_EQ(slow.code(), "corrupt");
  do answer = other.ask(request("GET /v1/status"));
  while (answer.status == 503);
  EXPECT_EQ(answer.status, 200) << "the worker is free again";
}

TEST_F(LoadTest, StopLetsARunningRequestFinish) {
  start();
  RawConnection connection(port());
  connection.send(
      request("POST /v1/search", std::string(kJson) + "Content-Length: 2\r\nExpect: 100-continue\r\n"));
  ASSERT_EQ(connection.read().status, 100);
  RawConnection idle(port());
  ASSERT_EQ(idle.ask(request("GET /livez")).status, 200);
  server_->stop();
  EXPECT_TRUE(idle.closes()) << "idle connections end at once";
  const RawAnswer answer = connection.ask("{}");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(connection.closes());
  server_->wait();
  EXPECT_FALSE(RawConnection(port()).connected());
}

TEST_F(LoadTest, StopCutsOffWhatOutlivesTheDeadline) {
  options_.stop_deadline = std::chrono::milliseconds(50);
  start();
  RawConnection connection(port());
  connection.send(
      request("POST /v1/search", std::string(kJson) + "Content-Length: 2\r\nExpect: 100-continue\r\n"));
  ASSERT_EQ(connection.read().status, 100);
  server_->stop();
  server_->wait();
  EXPECT_TRUE(connection.closes());
}

TEST_F(LoadTest, WaitingIsBoundedWhenAHandlerIsStuck) {
  options_.stop_deadline = std::chrono::milliseconds(0);
  Blocked blocked(*this);
  server_->stop();
  EXPECT_FALSE(server_->wait_for(std::chrono::milliseconds(50)));
  blocked.release();
  EXPECT_TRUE(server_->wait_for(std::chrono::minutes(1)));
}

TEST_F(LoadTest, OtherKindsOfRequestsAnswerWhileOneLaneIsBusy) {
  Blocked blocked(*this);
  EXPECT_EQ(ask("GET /v1/learnwares").status, 503);
  EXPECT_EQ(ask("POST /v1/search", kJson, R"({"text":"x"})").status, 200);
  EXPECT_EQ(upload(example_package_bytes(2)).status, 201);
  const std::string table = "a,b\n1,2\n3,5\n";
  EXPECT_EQ(ask("POST /v1/specifications?points=1", "Content-Type: text/csv\r\n", table).status, 200);
}

TEST_F(LoadTest, ARequestThatWaitedTooLongIsNotBegun) {
  options_.work_queue = 8;
  options_.queue_patience = std::chrono::milliseconds(50);
  Blocked blocked(*this);
  const RawAnswer answer = ask("GET /v1/status");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.code(), "overloaded");
  EXPECT_EQ(answer.field("retry-after"), "1");
  await_metric("learndock_http_handlers_waiting 0");
}

TEST_F(LoadTest, ReadinessNoticesAWorkerThatDoesNotComeBack) {
  options_.stuck_after = std::chrono::milliseconds(1);
  Blocked blocked(*this);
  RawAnswer answer;
  do answer = ask("GET /readyz");
  while (answer.status == 200);  // until the millisecond is over
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.json()["detail"].get<std::string>().find("workers"), std::string::npos);
  EXPECT_EQ(ask("GET /livez").status, 200);
  EXPECT_NE(ask("GET /metrics").body.find("learndock_http_oldest_handler_seconds{lane=\"read\"}"),
            std::string::npos);
  blocked.release();
  await_metric("learndock_http_handlers_running 0");
  EXPECT_EQ(ask("GET /readyz").status, 200);
}

TEST_F(LoadTest, ProbesAnswerWhileAllWorkersAreBusy) {
  Blocked blocked(*this);
  for (const char* path : {"/livez", "/readyz", "/healthz", "/metrics"})
    EXPECT_EQ(ask(fmt::format("GET {}", path)).status, 200) << path;
  EXPECT_EQ(ask("GET /v1/status").status, 503);
}

TEST_F(LoadTest, QueuedWorkOfAClientThatHasGoneIsSkipped) {
  options_.work_queue = 8;
  Blocked blocked(*this);
  {
    RawConnection gone(port());
    gone.send(request("GET /v1/status"));
    await_metric("learndock_http_handlers_waiting 1");
  }
  await_metric("learndock_http_abandoned_total 1");
  await_metric("learndock_http_handlers_waiting 0");  // its place is free, though the worker is still busy
  await_metrics("code=\"499\",method=\"GET\",route=\"/v1/status\"");
}

/// Four tables of 64 MiB at once took 3 GB: only their bytes were counted.
TEST_F(LoadTest, MemoryOfTablesAddsUp) {
  std::string table = "c0";
  for (int c = 1; c < 100; ++c) table += fmt::format(",c{}", c);
  for (int r = 0; r < 2000; ++r) {
    table += fmt::format("\n{}", r % 97);
    for (int c = 1; c < 100; ++c) table += fmt::format(",{}", (r * 31 + c * c) % 89);
  }
  const std::string post =
      request("POST /v1/specifications?points=200", "Content-Type: text/csv\r\n", table + "\n");
  options_.work_threads = 4;
  options_.max_table_memory = std::uint64_t{16} << 20;  // one needs 13 MB
  options_.queue_patience = std::chrono::milliseconds(20);
  start();
  RawConnection first(port());
  first.send(post);
  await_metric_above_zero("learndock_table_memory_bytes");
  const RawAnswer second = RawConnection(port()).ask(post);
  EXPECT_EQ(second.status, 503) << second.body;
  EXPECT_NE(second.body.find("hold the memory"), std::string::npos) << second.body;
  EXPECT_FALSE(second.field("retry-after").empty());
  EXPECT_EQ(first.read().status, 200);
  await_metric("learndock_table_memory_bytes 0");
  EXPECT_EQ(RawConnection(port()).ask(post).status, 200) << "what the first held is there again";

  options_.queue_patience = std::chrono::seconds(30);
  options_.port = 0;
  start();
  RawConnection one(port()), other(port());
  one.send(post);
  other.send(post);
  EXPECT_EQ(one.read().status, 200);
  EXPECT_EQ(other.read().status, 200) << "it waited its turn";
}

TEST_F(LoadTest, ATableThatNeedsMoreMemoryThanThereIsIsRefused) {
  options_.max_table_memory = std::uint64_t{1} << 20;
  start();
  std::string table = "a,b\n";
  while (table.size() < 400'000) table += "1,2\n";
  const RawAnswer refused = ask("POST /v1/specifications", "Content-Type: text/csv\r\n", table);
  EXPECT_EQ(refused.status, 413) << refused.body;
  EXPECT_NE(refused.body.find("the limit is 1048576"), std::string::npos) << refused.body;
  EXPECT_EQ(ask("POST /v1/specifications", "Content-Type: text/csv\r\n", "a,b\n1,2\n3,4\n5,7\n").status, 200);
  std::string wide = "\xFF\xFE";
  for (const char c : table.substr(0, 250'000)) {
    wide += c;
    wide += '\0';
  }
  const RawAnswer decoded = ask("POST /v1/specifications", "Content-Type: text/csv\r\n", wide);
  EXPECT_EQ(decoded.status, 413) << decoded.body;
  await_metric("learndock_table_memory_bytes 0");
}

TEST_F(LoadTest, StoppingTwiceAndWaitingTwiceIsFine) {
  start();
  server_->stop();
  server_->stop();
  server_->wait();
  server_->wait();
}

TEST_F(LoadTest, ManyServersComeAndGo) {
  for (int i = 0; i < 20; ++i) {
    start();
    RawConnection connection(port());
    EXPECT_EQ(connection.ask(request("GET /livez")).status, 200);
    server_.reset();
  }
}

}  // namespace
}  // namespace learndock::testing
