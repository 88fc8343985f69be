#include "learndock/client/client.hpp"

#include "learndock/base/json.hpp"

#include "io/digest.hpp"
#include "io/file.hpp"
#include "server/server_fixture.hpp"

#include <poll.h>
#include <thread>

namespace learndock::testing {
namespace {

using client::Client;
using client::ClientOptions;

class ClientTest : public ServerTest {};

/// Answers the first connection with fixed bytes and closes.
class CannedServer {
 public:
  explicit CannedServer(std::string answer)
      : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedServer() {
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] Client client(ClientOptions options = {}) const {
    return Client::create(fmt::format("http://127.0.0.1:{}", port_), options).value();
  }

 private:
  void serve() const {
    const int peer = ::accept(listener_, nullptr, nullptr);
    char request[65536];
    static_cast<void>(::recv(peer, request, sizeof request, 0));
    static_cast<void>(::send(peer, answer_.data(), answer_.size(), MSG_NOSIGNAL));
    if (answer_.empty())
      static_cast<void>(::recv(peer, request, sizeof request, 0));  // silent until the client goes
    ::close(peer);
  }
  std::string answer_;
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string answer_with(const std::string& head, const std::string& body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n\r\n{}", head, body.size(), body);
}

TEST(ClientCreate, TakesHttpAddressesOnly) {
  for (const char* url :
       {"http://127.0.0.1:8080", "http://localhost", "http://[::1]:80/", "http://dock.example/prefix/"})
    EXPECT_TRUE(client::Client::create(url)) << url;
  EXPECT_EQ(Client::create("https://dock.example").error().code, ErrorCode::unsupported);
  for (const char* url : {"", "dock", "ftp://a", "http://", "http://:80", "http://a:b",
                          "http://user:secret@host", "http://a/?q", "http://a/#f"}) {
    const auto refused = Client::create(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << url;
    EXPECT_EQ(describe(refused.error()).find("secret"), std::string::npos);
  }
  EXPECT_FALSE(client::Client::create("http://a", {.token = "two words"}));
  EXPECT_FALSE(client::Client::create("http://a", {.token = "a\r\nX: y"}));
}

TEST_F(ClientTest, DoesEverythingTheServerOffers) {
  options_.token = "t0ken-of-16-bytes";
  start();
  const Client writer = client({.token = "t0ken-of-16-bytes"});
  write_file(folder_ / "p.zip", example_package_bytes(1));
  const Json record = writer.upload(folder_ / "p.zip").value();
  const LearnwareId id = LearnwareId::create(record["id"].get<std::string>()).value();
  const Client reader = client();
  EXPECT_EQ(reader.show(id).value(), dock::to_json(dock_->find(id).value()));
  EXPECT_EQ(reader.status().value()["learnwares"], 1);
  EXPECT_EQ(reader.list(10).value()["learnwares"].size(), 1u);
  EXPECT_EQ(reader.get_json("/livez").value()["status"], "live");
  EXPECT_EQ(reader.use_script(id).value(),
            dock::use_script(dock_->model_entry(id).value(), id.text(), id.text() + ".zip"));
  const std::string bytes = io::read_file(dock_->package_path(id).value()).value();
  EXPECT_EQ(reader.download(id, folder_ / "out.zip").value(), bytes.size());
  EXPECT_EQ(io::read_file(folder_ / "out.zip").value(), bytes);
  EXPECT_EQ(reader.remove(id).error().code, ErrorCode::unauthorized);
  EXPECT_TRUE(writer.remove(id));
  EXPECT_EQ(writer.remove(id).error().code, ErrorCode::not_found);
}

TEST_F(ClientTest, SearchAnswersWhatTheDockAnswers) {
  for (int i = 1; i <= 4; ++i) static_cast<void>(add(i));
  start();
  query::SearchRequest request;
  request.specification = specification::from_json_text(kStatisticalText).value();
  request.mixture = 2;
  const query::SearchAnswer local = dock_->search(request).value();
  const query::SearchAnswer remote = client().search(request).value();
  ASSERT_EQ(remote.singles.size(), local.singles.size());
  for (std::size_t i = 0; i < local.singles.size(); ++i) {
    EXPECT_EQ(remote.singles[i].id, local.singles[i].id);
    EXPECT_EQ(remote.singles[i].mmd_squared, local.singles[i].mmd_squared)
        << "doubles survive the trip bit for bit";
    EXPECT_EQ(remote.singles[i].score, local.singles[i].score);
  }
  EXPECT_EQ(remote.exact, local.exact);
  EXPECT_EQ(remote.mixture.has_value(), local.mixture.has_value());
}

TEST_F(ClientTest, RefusalsComeBackAsTheErrorsTheyWere) {
  start();
  query::SearchRequest request;
  request.top = 0;
  const auto local = dock_->search(request);
  const auto remote = client().search(request);
  ASSERT_FALSE(local);
  ASSERT_FALSE(remote);
  EXPECT_EQ(remote.error().code, local.error().code);
  EXPECT_TRUE(remote.error().message.starts_with(local.error().message + " (request "))
      << "the server's log is found by it: " << remote.error().message;
  EXPECT_EQ(remote.error().where, local.error().where);
  write_file(folder_ / "bad.zip", "not a zip");
  EXPECT_EQ(client().upload(folder_ / "bad.zip").error().code, ErrorCode::zip_not_a_zip);
  EXPECT_EQ(client().upload(folder_ / "none.zip").error().code, ErrorCode::not_found);
}

TEST_F(ClientTest, AnUploadRefusedByItsHeaderIsNotSent) {
  options_.limits.max_package_bytes = 1000;
  start();
  write_file(folder_ / "large.zip", std::string(std::size_t{20} << 20, 'x'));
  EXPECT_EQ(client().upload(folder_ / "large.zip").error().code, ErrorCode::too_large);
}

TEST_F(ClientTest, NobodyThereIsUnavailable) {
  start();
  const Client late = client();
  server_.reset();
  const auto refused = late.status();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find("127.0.0.1:"), std::string::npos);
  EXPECT_FALSE(refused.error().fix.empty());
}

TEST(ClientAnswers, ASilentServerTimesOut) {
  const CannedServer server("");
  EXPECT_EQ(server.client({.io_timeout = std::chrono::milliseconds(100)}).status().error().code,
            ErrorCode::timeout);
}

TEST(ClientAnswers, OtherProgramsAreNotDocks) {
  const auto code_for = [](const std::string& answer) {
    const CannedServer server(answer);
    return server.client().status().error().code;
  };
  EXPECT_EQ(code_for("220 mail.example ESMTP\r\n"), ErrorCode::corrupt);
  EXPECT_EQ(code_for(answer_with("200 OK", "<html>")), ErrorCode::corrupt);
  EXPECT_EQ(code_for(answer_with("502 Bad Gateway", "<html>")), ErrorCode::corrupt);
  EXPECT_EQ(code_for("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), ErrorCode::unavailable);
}

TEST(ClientAnswers, LongTrailersExtensionsAndFieldsAreRefusedByTheClientToo) {
  const auto answer_of = [](const std::string& answer) {
    const CannedServer server(answer);
    return server.client().status();
  };
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::size_t bytes : {65'533u, 65'534u, 131'072u}) {
    const std::string text(bytes, 'a');
    EXPECT_EQ(answer_of(chunked + "2\r\n{}\r\n0\r\nX: " + text + "\r\n\r\n").error().code,
              ErrorCode::corrupt);
    EXPECT_EQ(answer_of(chunked + "2;" + text + "\r\n{}\r\n0\r\n\r\n").error().code, ErrorCode::corrupt);
    EXPECT_EQ(answer_of("HTTP/1.1 200 OK\r\nX: " + text + "\r\n\r\n").error().code, ErrorCode::corrupt);
  }
  EXPECT_EQ(answer_of(chunked + "1\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n").value(), Json::object());
  EXPECT_EQ(answer_of("HTTP/1.0 200 OK\r\n\r\n{}").value(), Json::object()) << "ends with its connection";
}

TEST(ClientAnswers, LongAnswersAreCut) {
  const CannedServer server(answer_with("200 OK", std::string(2000, ' ')));
  EXPECT_EQ(server.client({.max_answer_bytes = 1000}).status().error().code, ErrorCode::too_large);
}

TEST(ClientAnswers, AListOfOtherTypesIsTheServersFault) {
  for (const char* body : {R"({"learnwares":[{"id":5,"name":null}],"next":[]})",
                           R"({"learnwares":5,"next":null})", R"({"learnwares":[7],"next":null})"}) {
    const CannedServer server(answer_with("200 OK", body));
    EXPECT_EQ(server.client().list(10).error().code, ErrorCode::corrupt) << body;
  }
}

TEST(ClientDownload, ADamagedPackageIsRefusedAndNothingIsLeft) {
  const LearnwareId id = LearnwareId::create("x").value();
  const auto attempt = [&](const std::string& answer) {
    const TemporaryFolder folder;
    const CannedServer server(answer);
    const auto result = server.client().download(id, folder / "out.zip");
    EXPECT_TRUE(files_below(folder.path()).empty());
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
  };
  const std::string other = "200 OK\r\nRepr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
  EXPECT_EQ(attempt(answer_with(other, "damaged")), ErrorCode::digest_mismatch);
  EXPECT_EQ(attempt(answer_with("200 OK", "no digest")), ErrorCode::corrupt);
  EXPECT_EQ(attempt("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), ErrorCode::unavailable);
  EXPECT_EQ(attempt(fmt::format("HTTP/1.1 {}\r\nContent-Length: 9\r\n\r\nshort", other)),
            ErrorCode::digest_mismatch);
  EXPECT_EQ(attempt(answer_with("404 Not Found", R"({"code":"not_found","detail":"no such learnware"})")),
            ErrorCode::not_found);
}

TEST(ClientDownload, ReplacesTheOldFileOnlyWhenAllIsRight) {
  const TemporaryFolder folder;
  write_file(folder / "out.zip", "old");
  const LearnwareId id = LearnwareId::create("x").value();
  {
    const CannedServer server(answer_with("200 OK", "no digest"));
    EXPECT_FALSE(server.client().download(id, folder / "out.zip"));
  }
  EXPECT_EQ(io::read_file(folder / "out.zip").value(), "old");
  const CannedServer server(
      answer_with("200 OK\r\nRepr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", ""));
  EXPECT_EQ(server.client().download(id, folder / "out.zip").value(), 0u);
  EXPECT_EQ(io::read_file(folder / "out.zip").value(), "");
}

}  // namespace
}  // namespace learndock::testing
