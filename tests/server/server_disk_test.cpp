// A server whose disk is as full as a test says.
#include "server/server_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <system_error>

namespace learndock::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class ServerDisk : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    dock_.reset();
    dock::DockOptions options;
    options.threads = 1;
    options.min_free_bytes = 10 * kMiB;
    options.disk_probe = [this]() -> Result<dock::DiskRoom> {
      return dock::DiskRoom{free_ - std::min<std::uint64_t>(free_, staged_bytes()), 100'000 * kMiB};
    };
    auto opened = dock::Dock::open(folder_ / "dock", options);
    ASSERT_TRUE(opened) << describe(opened.error());
    dock_ = std::move(*opened);
    start();
  }
  /// As on a real disk, what an upload has written is no longer free.
  [[nodiscard]] std::uint64_t staged_bytes() const {
    std::uint64_t sum = 0;
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "dock" / "staging", error)) {
      const std::uint64_t bytes = file.file_size(error);
      if (!error) sum += bytes;
    }
    return sum;
  }
  std::atomic<std::uint64_t> free_{1000 * kMiB};  ///< beside what is staged
};

TEST_F(ServerDisk, AnUploadIsReceivedThoughThereIsNoRoomForIt) {
  free_ = 12 * kMiB;
  RawConnection connection(port());
  connection.send(
      "POST /v1/learnwares HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/zip\r\n"
      "Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n");
  const RawAnswer refused = connection.read();
  EXPECT_EQ(refused.status, 507) << "without a 100 before it";
  EXPECT_EQ(refused.code(), "io.no_space");
  EXPECT_THAT(refused.json()["detail"].get<std::string>(), HasSubstr("12582912 bytes free"));
  EXPECT_EQ(staged_files(), 0U);
  EXPECT_EQ(upload(example_package_bytes(1)).status, 201) << "a smaller one fits";
}

TEST_F(ServerDisk, AnUploadOfUnknownLengthFillsTheDisk) {
  RawConnection connection(port());
  connection.send(
      request("POST /v1/learnwares", "Content-Type: application/zip\r\nTransfer-Encoding: chunked\r\n"));
  free_ = 11 * kMiB;
  const std::string piece = fmt::format("{:x}\r\n", kMiB) + std::string(kMiB, 'x') + "\r\n";
  // There is room for one. What is sent beyond it is little enough that the server reads on for its answer.
  for (int i = 0; i < 4; ++i)
    if (!connection.send(piece)) break;
  const RawAnswer refused = connection.read();
  EXPECT_EQ(refused.status, 507);
  EXPECT_EQ(refused.code(), "io.no_space");
  EXPECT_EQ(staged_files(), 0U);
  free_ = 1000 * kMiB;
  EXPECT_EQ(upload(example_package_bytes(1)).status, 201) << "without a restart";
}

TEST_F(ServerDisk, ReadinessAndMetricsDoNotTellThatTheDiskIsFull) {
  EXPECT_EQ(ask("GET /readyz").json()["checks"]["disk"], "ok");
  EXPECT_THAT(ask("GET /metrics").body, HasSubstr("learndock_dock_read_only 0\n"));
  free_ = 5 * kMiB;
  const RawAnswer ready = ask("GET /readyz");
  EXPECT_EQ(ready.status, 200) << "it is read as before";
  EXPECT_THAT(ready.json()["checks"]["disk"].get<std::string>(), HasSubstr("read-only: 5242880 bytes free"));
  const std::string metrics = ask("GET /metrics").body;
  EXPECT_THAT(metrics, HasSubstr("learndock_disk_free_bytes 5242880\n"));
  EXPECT_THAT(metrics, HasSubstr("learndock_dock_read_only 1\n"));
  EXPECT_THAT(metrics, HasSubstr("learndock_dock_bytes "));
}

TEST_F(ServerDisk, ADeletionSaysUntilWhenItCanBeTakenBack) {
  const LearnwareId first = add(1), second = add(2);
  const RawAnswer kept = ask("DELETE /v1/learnwares/" + first.text());
  EXPECT_EQ(kept.status, 204);
  EXPECT_EQ(kept.field("learndock-kept-until").size(), 24U);
  free_ = 5 * kMiB;
  const RawAnswer gone = ask("DELETE /v1/learnwares/" + second.text());
  EXPECT_EQ(gone.status, 204) << "a full disk does not keep a deletion from being done";
  EXPECT_EQ(gone.field("learndock-kept-until"), "");
}

}  // namespace
}  // namespace learndock::testing
