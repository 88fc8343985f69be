#pragma once

#include "service/beast.hpp"
#include "service/context.hpp"
#include "service/router.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace learndock::service {

/// A count with a ceiling, shared by all connections.
class Budget {
 public:
  explicit Budget(std::uint64_t limit) : limit_(limit) {}
  [[nodiscard]] bool take(std::uint64_t amount) {
    if (used_.fetch_add(amount) + amount <= limit_) return true;
    used_.fetch_sub(amount);
    return false;
  }
  void give_back(std::uint64_t amount) { used_.fetch_sub(amount); }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

/// What one request has taken of a budget; given back at the end of its life.
class Share {
 public:
  explicit Share(Budget& budget) : budget_(budget) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { budget_.give_back(taken_); }
  [[nodiscard]] bool take(std::uint64_t amount) {
    if (!budget_.take(amount)) return false;
    taken_ += amount;
    return true;
  }

 private:
  Budget& budget_;
  std::uint64_t taken_ = 0;
};

/// What all connections of one server use together.
struct Shared {
  const ServerOptions& options;
  const Context& context;
  asio::thread_pool& work;    ///< handlers
  asio::thread_pool& probes;  ///< handlers that answer while `work` is busy
  asio::thread_pool& files;   ///< pieces of packages on their way in or out
  Budget jobs;                ///< running and waiting handlers
  Budget probe_jobs;
  Budget body_bytes;    ///< bodies held in memory
  Budget answer_bytes;  ///< answers held in memory until they are read
  Budget uploads;       ///< staged files
};

/// One connection, on a strand of its own.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, tcp::socket socket);
  [[nodiscard]] asio::awaitable<void> run();
  /// Answers that there are too many connections, whatever is asked, and closes.
  [[nodiscard]] asio::awaitable<void> turn_away();
  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  /// No request after the running one; an idle connection closes now. On the strand.
  void finish_soon();
  /// Cuts the connection off. On the strand.
  void cut_off();

 private:
  friend class Exchange;
  Shared& shared_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  beast::flat_buffer buffer_;
  std::string peer_;
  bool idle_ = true;  ///< between requests
  bool finish_ = false;
  bool first_ = true;  ///< no request yet
  bool timed_out_ = false;
  std::size_t head_bytes_ = 0;
  std::uint64_t deadline_id_ = 0;

  void arm(std::chrono::milliseconds timeout);
  void disarm();
  [[nodiscard]] asio::awaitable<std::size_t> read_more(error_code& error);
  [[nodiscard]] asio::awaitable<error_code> write(std::string_view bytes);
  [[nodiscard]] asio::awaitable<bool> await_head(std::optional<Result<RequestHead>>& head);
  [[nodiscard]] asio::awaitable<void> linger();
  /// A flag that is set when the client closes while no other operation reads or writes. On the strand.
  [[nodiscard]] std::shared_ptr<const std::atomic<bool>> watch_for_close();
  void stop_watching();
};

/// Runs `job` on a pool's thread; resumes on the caller's executor.
[[nodiscard]] asio::awaitable<void> run_on(asio::thread_pool& pool, std::function<void()> job);

}  // namespace learndock::service
