#pragma once

#include "server/shared.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace learndock::server {

/// One connection, on a strand of its own.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, tcp::socket socket);
  [[nodiscard]] asio::awaitable<void> run();
  /// Serves a connection beyond the limits: answers one probe, or says to any other request that there are
  /// too many connections, and closes.
  [[nodiscard]] asio::awaitable<void> run_for_probe();
  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }
  /// For limits by address: an IPv6 network of 64 bits counts as one, since any host has all of its network;
  /// "" when there are no such limits.
  [[nodiscard]] const std::string& address_key() const { return address_key_; }
  /// Takes no request after the running one; an idle connection closes now. Call it on the strand.
  void finish_soon();
  /// Cuts the connection off. Call it on the strand.
  void cut_off();
  /// Cuts the connection off, unless a request or the rest of its body has come meanwhile. Call it on the
  /// strand. @param also_writing  an answer that is on its way is cut off too @return whether it was cut off
  bool give_way(bool also_writing);
  /// Since when it has waited for a request, or nothing while it has one. May be called from any thread.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> waiting_since() const;
  /// Since when the client has been sending a body, or nothing while it sends none. May be called from any
  /// thread.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> sending_since() const;
  /// Since when an answer has been on its way, or nothing while none is. May be called from any thread.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> writing_since() const;
  /// Whether a request ever came. May be called from any thread.
  [[nodiscard]] bool has_asked() const { return asked_; }

 private:
  friend class Exchange;
  friend class IncomingBody;
  Shared& shared_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::string peer_;  ///< for the log
  std::string address_key_;
  bool idle_ = true;  ///< between requests
  bool finish_ = false;
  std::atomic<bool> asked_{false};
  std::atomic<std::chrono::steady_clock::rep> waiting_since_{0};  ///< 0: it has a request
  std::atomic<std::chrono::steady_clock::rep> sending_since_{0};  ///< 0: it sends no body
  std::atomic<std::chrono::steady_clock::rep> writing_since_{0};  ///< 0: it is sent no answer
  bool timed_out_ = false;
  std::uint64_t deadline_id_ = 0;

  void arm(std::chrono::milliseconds timeout);
  void disarm();
  [[nodiscard]] asio::awaitable<std::size_t> read_more(error_code& error);
  [[nodiscard]] asio::awaitable<error_code> write(std::string_view bytes);
  void begin_to_wait();
  [[nodiscard]] asio::awaitable<bool> await_head(std::optional<Result<http::RequestHead>>& head,
                                                 std::chrono::milliseconds header_timeout);
  [[nodiscard]] asio::awaitable<void> turn_away();
  [[nodiscard]] asio::awaitable<void> linger();
  /// Calls `gone`, on the strand, when the client closes while no other operation reads or writes.
  void watch_for_close(std::function<void()> gone);
  void stop_watching();
};

/// Runs `job` on a pool's thread; resumes on the caller's executor.
[[nodiscard]] asio::awaitable<void> run_on(asio::thread_pool& pool, std::function<void()> job);

}  // namespace learndock::server
