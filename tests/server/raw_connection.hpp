#pragma once

#include "learndock/base/json.hpp"

#include <arpa/inet.h>
#include <cstdint>
#include <map>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace learndock::testing {

struct RawAnswer {
  int status = 0;                             ///< 0: the connection ended without an answer
  std::map<std::string, std::string> fields;  ///< names in lower case
  std::string body;
  [[nodiscard]] std::string field(const std::string& name) const {
    const auto at = fields.find(name);
    return at == fields.end() ? std::string() : at->second;
  }
  [[nodiscard]] Json json() const { return parse_json(body).value(); }
  [[nodiscard]] std::string code() const { return json().at("code").get<std::string>(); }
};

/// A TCP connection that sends exactly the bytes it is told to. A stuck server fails the test by the receive
/// time-out.
class RawConnection {
 public:
  /// @param from  the loopback address to connect from: "127.0.0.2" is another client to the server
  explicit RawConnection(std::uint16_t port, const char* from = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval timeout{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &own.sin_addr);
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }

  /// False when the other side has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Sends until neither side takes more; answers are not read.
  void send_until_full(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Whether a byte of the server has arrived already, or its end.
  [[nodiscard]] bool has_answer() const {
    char byte = 0;
    return !buffer_.empty() || ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  /// One answer; `bodyless` for HEAD.
  RawAnswer read(bool bodyless = false) {
    RawAnswer answer;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return answer;
    parse_head(buffer_.substr(0, end), answer);
    buffer_.erase(0, end + 4);
    if (bodyless || answer.status < 200 || answer.status == 204 || answer.status == 304) return answer;
    const std::size_t length = std::stoul(answer.fields.at("content-length"));
    while (buffer_.size() < length)
      if (!receive()) break;
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, answer.body.size());
    return answer;
  }
  RawAnswer ask(std::string_view request, bool bodyless = false) {
    send(request);
    return read(bodyless);
  }
  /// Whether the server closes without another byte.
  bool closes() { return buffer_.empty() && !receive(); }

 private:
  bool receive() {
    char bytes[16384];
    const ssize_t got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      throw std::runtime_error("the server said nothing for a minute");
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  static void parse_head(const std::string& head, RawAnswer& answer) {
    answer.status = std::stoi(head.substr(9, 3));
    std::size_t at = head.find("\r\n");
    while (at != std::string::npos) {
      const std::size_t next = head.find("\r\n", at + 2);
      const std::string line = head.substr(at + 2, next == std::string::npos ? next : next - at - 2);
      const std::size_t colon = line.find(": ");
      std::string name = line.substr(0, colon);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      answer.fields[name] = line.substr(colon + 2);
      at = next;
    }
  }

  int socket_;
  bool connected_ = false;
  std::string buffer_;
};

}  // namespace learndock::testing
