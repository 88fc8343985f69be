// What one anonymous client may try against everybody else: each test is named after what it once did.
#include "service/server_fixture.hpp"

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

}  // namespace
}  // namespace learndock::testing
