#include "learndock/server/server.hpp"

#include "learndock/compute/registry.hpp"

#include "base/log.hpp"
#include "server/connection_table.hpp"
#include "server/shared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace learndock::server {
namespace {

/// One address gets 1/kAddressPart of what all connections share; 1/kSmallBodiesPart of the memory for bodies
/// is kept for small ones.
constexpr std::uint64_t kAddressPart = 4;
constexpr std::uint64_t kSmallBodiesPart = 8;
constexpr unsigned kWriteThreads =
    2;  // the catalogue has one writer; a second one reads its package meanwhile
constexpr std::size_t kFileThreads = 2;
/// The most probes that wait for their one thread.
constexpr std::uint64_t kMaxProbes = 64;
/// One address gets 1/kProbePart of the connections for probes.
constexpr std::size_t kProbePart = 8;
constexpr std::chrono::milliseconds kLeastPatience{1'000};
constexpr std::chrono::milliseconds kAcceptPause{100};

unsigned work_threads(const ServerOptions& options) {
  // A search spreads over the cores by itself; more than a few at once only wait for each other.
  if (options.work_threads > 0) return options.work_threads;
  return std::max(2u, std::thread::hardware_concurrency() / 2);
}

std::chrono::milliseconds stuck_after(const ServerOptions& options) {
  if (options.stuck_after.count() > 0) return options.stuck_after;
  return 4 * options.search_budget + std::chrono::minutes(1);
}

/// The lanes in the order of `Work`, from `Work::read` on.
std::vector<Lane::Limits> lane_limits(const ServerOptions& options) {
  const std::size_t of_one = options.per_address_shares ? (options.work_queue + 1) / 2 : options.work_queue;
  const unsigned searches = work_threads(options);
  const auto lane = [&](const char* name, unsigned workers, std::chrono::milliseconds patience, int slow) {
    return Lane::Limits{name, workers, options.work_queue, of_one, patience, slow * stuck_after(options)};
  };
  const auto patience = options.queue_patience;
  // A search that has waited for all of its time would only answer that it had none.
  const auto of_search = options.search_budget.count() > 0 ? options.search_budget : patience;
  return {lane("read", std::max(1u, options.read_threads), patience, 1),
          lane("search", searches, std::max(of_search, kLeastPatience), 1),
          lane("sketch", std::max(1u, searches / 2), patience, 1),
          lane("write", kWriteThreads, 6 * patience, 10)};
}

ConnectionTable::Limits connection_limits(const ServerOptions& options) {
  const std::size_t of_one =
      options.per_address_shares ? options.max_connections_per_peer : options.max_connections;
  return {options.max_connections, of_one, options.limits.least_rest};
}

ConnectionTable::Limits probe_limits(const ServerOptions& options) {
  const std::size_t all = std::max<std::size_t>(options.probe_connections, 1);
  return {all, options.per_address_shares ? std::max<std::size_t>(all / kProbePart, 1) : all, {}};
}

/// A budget of which one address may hold a quarter, but always enough for one request.
Budget budget_of(const ServerOptions& options, std::uint64_t limit, std::uint64_t least) {
  if (!options.per_address_shares) return {limit, limit};
  return {limit, std::min(limit, std::max(limit / kAddressPart, least))};
}

Result<tcp::endpoint> endpoint_of(const ServerOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is not an IP address", options.address),
                "address", "use a literal address: 127.0.0.1, ::1, 0.0.0.0");
  if (options.io_threads == 0 || options.max_connections == 0)
    return fail(ErrorCode::invalid_argument, "a server needs at least one IO thread and one connection");
  return tcp::endpoint(address, options.port);
}

Failure cannot_listen(const tcp::endpoint& endpoint, const error_code& error) {
  const std::string where = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
  if (error == asio::error::address_in_use)
    return fail(ErrorCode::conflict, "another program listens on this port", where,
                "choose another port, or 0 for a free one");
  if (error == asio::error::access_denied)
    return fail(ErrorCode::forbidden, "this port needs more rights", where, "choose a port from 1024 on");
  return fail(ErrorCode::io, fmt::format("cannot listen: {}", error.message()), where);
}

}  // namespace

class Server::Core {
 public:
  Core(dock::Dock& dock, ServerOptions options, std::shared_ptr<const compute::Backend> backend,
       bool loopback)
      : access_(options, loopback),
        options_(without_tokens(std::move(options))),
        context_{dock,
                 options_,
                 std::move(backend),
                 metrics_,
                 loopback,
                 stopping_,
                 access_,
                 lanes_,
                 [this] { return shared_.body_bytes.used() + shared_.small_body_bytes.used(); }},
        files_(kFileThreads),
        shared_{options_,
                context_,
                probes_,
                files_,
                budget_of(options_, kMaxProbes, 1),
                budget_of(options_, options_.max_body_bytes - options_.max_body_bytes / kSmallBodiesPart,
                          options_.limits.max_table_bytes),
                budget_of(options_, options_.max_body_bytes / kSmallBodiesPart, 0),
                budget_of(options_, options_.max_answer_bytes, 0),
                budget_of(options_, options_.max_uploads, 1)} {
    for (Lane::Limits& limits : lane_limits(options_)) {
      // One more than the lane's workers: see Lane.
      auto& pool = *pools_.emplace_back(std::make_unique<asio::thread_pool>(limits.workers + 1));
      lanes_.push_back(std::make_unique<Lane>(std::move(limits),
                                              [&pool](Lane::Job job) { asio::post(pool, std::move(job)); }));
    }
  }

  Result<void> listen(const tcp::endpoint& endpoint) {
    error_code error;
    const auto step = [&](auto&& action) {
      if (!error) action();
    };
    step([&] { acceptor_.open(endpoint.protocol(), error); });
    step([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), error); });
    step([&] { acceptor_.bind(endpoint, error); });
    step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    step([&] { endpoint_ = acceptor_.local_endpoint(error); });
    if (error) return cannot_listen(endpoint, error);
    return {};
  }

  void run() {
    asio::co_spawn(control_, accept_all(), asio::detached);
    running_ = options_.io_threads;
    for (unsigned i = 0; i < options_.io_threads; ++i) threads_.emplace_back([this] { run_io(); });
  }

  [[nodiscard]] const tcp::endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] const Access& access() const { return access_; }

  void stop() {
    if (stopping_.exchange(true)) return;
    asio::post(control_, [this] { begin_to_stop(); });
  }

  void wait() {
    const std::lock_guard lock(wait_mutex_);
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }

  [[nodiscard]] bool wait_for(std::chrono::milliseconds timeout) {
    std::unique_lock lock(running_mutex_);
    return ended_.wait_for(lock, timeout, [this] { return running_ == 0; });
  }

 private:
  asio::awaitable<void> accept_all() {
    while (!stopping_) {
      bool accepted = false;
      try {
        accepted = co_await accept_one();
      } catch (...) {  // no memory for one connection must not close the door to all later ones
        report(std::current_exception());
      }
      if (accepted || stopping_) continue;
      // Wait until some connections are closed, instead of trying without a pause.
      error_code ignored;  // a cancelled pause is a pause
      pause_.expires_after(kAcceptPause);
      co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  /// False: mostly too many open files.
  asio::awaitable<bool> accept_one() {
    error_code error;
    const asio::any_io_executor strand = asio::make_strand(io_);
    tcp::socket socket(strand);
    co_await acceptor_.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (stopping_ || error == asio::error::connection_aborted) co_return true;
    if (!error)
      welcome(std::move(socket));
    else
      log(LogLevel::warning, fmt::format("cannot accept a connection: {}", error.message()));
    co_return !error;
  }

  void welcome(tcp::socket socket) {
    auto session = std::make_shared<Session>(shared_, std::move(socket));
    if (connections_.make_room(session->address_key())) {
      auto running = session->run();
      return begin(connections_, std::move(session), std::move(running));
    }
    // Probes have places that no other request can take: a monitor must not take a crowd for the server's
    // end.
    if (!probe_connections_.make_room(session->address_key())) return;
    auto running = session->run_for_probe();
    begin(probe_connections_, std::move(session), std::move(running));
  }

  void begin(ConnectionTable& table, std::shared_ptr<Session> session, asio::awaitable<void> running) {
    const std::uint64_t number = table.add(session);
    // Its place is given back when the coroutine is gone, also when a fault below it destroyed it unfinished.
    const std::shared_ptr<void> place(nullptr, [this, &table, number](void*) {
      asio::post(control_, [this, &table, number] {
        table.remove(number);
        if (stopping_ && stop_begun_ && none_left()) finish();
      });
    });
    asio::co_spawn(session->executor(), std::move(running),
                   [session, place](std::exception_ptr failure) { report(failure); });
  }

  [[nodiscard]] bool none_left() const { return connections_.size() + probe_connections_.size() == 0; }
  template <class Action>
  void for_each_session(Action action) {
    for (const ConnectionTable* table : {&connections_, &probe_connections_})
      table->for_each([&](const std::shared_ptr<Session>& session) {
        asio::post(session->executor(), [session, action] { action(*session); });
      });
  }

  void run_io() {
    // Sessions catch their own faults. What still comes here was thrown below them, by the network library:
    // it ends its operation, and with it that connection, never the threads that carry all the others.
    for (bool ended = false; !ended;) {
      try {
        io_.run();
        ended = true;
      } catch (...) {
        report(std::current_exception());
      }
    }
    const std::lock_guard lock(running_mutex_);
    --running_;
    ended_.notify_all();
  }

  static void report(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
      log(LogLevel::error, fmt::format("a connection ended by a fault: {}", exception.what()));
    } catch (...) {
      log(LogLevel::error, "a connection ended by a fault of an unknown kind");
    }
  }

  void begin_to_stop() {
    stop_begun_ = true;
    error_code ignored;  // a closed acceptor is what is wanted
    acceptor_.close(ignored);
    pause_.cancel();
    if (none_left()) return finish();
    for_each_session([](Session& session) { session.finish_soon(); });
    deadline_.expires_after(options_.stop_deadline);
    deadline_.async_wait([this](const error_code& error) {
      if (error) return;
      log(LogLevel::warning, fmt::format("cutting off {} connections: the stop deadline has passed",
                                         connections_.size() + probe_connections_.size()));
      for_each_session([](Session& session) { session.cut_off(); });
    });
  }

  void finish() {
    deadline_.cancel();
    guard_.reset();
  }

  Access access_;
  const ServerOptions options_;
  Metrics metrics_;
  std::atomic<bool> stopping_{false};
  std::vector<std::unique_ptr<Lane>> lanes_;
  const Context context_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_{io_.get_executor()};
  std::vector<std::unique_ptr<asio::thread_pool>> pools_;  ///< one for each lane
  asio::thread_pool probes_{1};
  asio::thread_pool files_;
  Shared shared_;
  // Everything below is touched on this strand only, once the threads run.
  asio::any_io_executor control_{asio::make_strand(io_)};
  tcp::acceptor acceptor_{control_};
  asio::steady_timer pause_{control_};
  asio::steady_timer deadline_{control_};
  tcp::endpoint endpoint_;
  ConnectionTable connections_{connection_limits(options_), control_};
  ConnectionTable probe_connections_{probe_limits(options_), control_};
  bool stop_begun_ = false;
  std::mutex wait_mutex_;
  std::mutex running_mutex_;
  std::condition_variable ended_;
  unsigned running_ = 0;  ///< IO threads; under running_mutex_ once they run
  std::vector<std::thread> threads_;
};

Result<std::unique_ptr<Server>> Server::start(dock::Dock& dock, const ServerOptions& options) {
  LEARNDOCK_TRY(const tcp::endpoint endpoint, endpoint_of(options));
  LEARNDOCK_CHECK(check_tokens(options));
  LEARNDOCK_TRY(auto backend, compute::open_backend(""));
  auto core = std::make_unique<Core>(dock, options, std::move(backend), endpoint.address().is_loopback());
  LEARNDOCK_CHECK(core->listen(endpoint));
  core->run();
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() {
  stop();
  wait();
}

std::uint16_t Server::port() const { return core_->endpoint().port(); }

std::string Server::url() const {
  const auto address = core_->endpoint().address();
  const std::string host = address.is_v6() ? fmt::format("[{}]", address.to_string()) : address.to_string();
  return fmt::format("http://{}:{}", host, port());
}

std::vector<std::string> Server::access_lines() const {
  const auto address = core_->endpoint().address();
  return core_->access().lines(address.is_unspecified() ? fmt::format("port {}", port()) : url());
}

void Server::stop() { core_->stop(); }
void Server::wait() { core_->wait(); }
bool Server::wait_for(std::chrono::milliseconds timeout) { return core_->wait_for(timeout); }

}  // namespace learndock::server
