#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/http/http_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace learndock::server {

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< a literal IPv4 or IPv6 address
  std::uint16_t port = 8080;          ///< 0 = any free port; `Server::port` tells which
  unsigned io_threads = 2;            ///< sockets only; heavy work never runs here
  unsigned work_threads = 0;    ///< for searches; 0 = half the cores, at least 2; half as many sketch tables
  unsigned read_threads = 2;    ///< for lists, records, status, downloads: requests that cost little
  std::size_t work_queue = 64;  ///< waiting requests of each kind; more are answered 503 with Retry-After
  /// Longest wait for a worker (a write: six times this; a search: its budget). Then 503 with Retry-After.
  std::chrono::milliseconds queue_patience{10'000};
  /// A handler that runs longer makes /readyz answer 503; a write has ten times this. 0 = four search budgets
  /// and a minute.
  std::chrono::milliseconds stuck_after{0};
  /// One address holds at most a quarter of the bodies, answers and uploads, half of a queue, and its number
  /// of connections. False: no such limits, for a server behind a proxy, where all clients have one address.
  bool per_address_shares = true;
  std::size_t max_connections = 1024;
  std::size_t max_connections_per_peer = 64;  ///< per address, unless `per_address_shares` is off
  std::size_t probe_connections =
      64;  ///< further ones, on which only /livez, /readyz, /healthz and /metrics are answered
  std::uint64_t max_body_bytes = std::uint64_t{512}
                                 << 20;  ///< for all bodies in memory; an eighth is for small ones
  /// Memory for all tables and for what is computed while they are reduced. A table that needs more is
  /// refused (413); one that needs more than is free waits as long as for a worker (503).
  std::uint64_t max_table_memory = std::uint64_t{768} << 20;
  std::uint64_t max_answer_bytes = std::uint64_t{512} << 20;  ///< for all answers being sent, packages aside
  std::size_t max_uploads = 8;                                ///< uploads at the same time
  std::chrono::milliseconds upload_wait{5'000};               ///< longest wait of an upload for its place
  /// Longest a search may compare learnwares; a request's own shorter budget counts. 0 = as long as it takes.
  std::chrono::milliseconds search_budget{10'000};
  /// Longest a specification may take to be made, from the request's arrival on. 0 = as long as it takes.
  std::chrono::milliseconds sketch_budget{30'000};
  /// Clients may choose the slow backend cpu_reference while the dock holds at most this many learnwares; 0 =
  /// never.
  std::uint64_t reference_learnwares = 1'000;
  /// A bearer token that uploads and removals need, at least 16 bytes of printable ASCII; "" for none. With
  /// no token at all both are open on a loopback address and closed elsewhere.
  std::string token = {};
  std::string push_token = {};    ///< for uploads only
  std::string delete_token = {};  ///< for removals only
  unsigned wrong_tokens = 10;     ///< of one address within a minute, before it has to wait
  unsigned wrong_tokens_of_all =
      100;  ///< of all addresses within a minute; then each may send one wrong token
  std::chrono::milliseconds wrong_token_pause{60'000};
  std::chrono::milliseconds stop_deadline{30'000};  ///< requests that still run after it are cut off
  http::HttpLimits limits;
  /// Searches answer with verified learnwares alone.
  bool only_verified = false;
  /// What /v1/status says of verification here: {"workers", "sandbox": [layers], "why_none"}; null: nothing.
  JsonValue verification = {};
};

/// The HTTP front of one dock: API under /v1, web page at /, metrics and probes (docs/http-api.md).
///
/// @threads    `stop`, `wait`, `wait_for` and `port` may be called from any thread; not from a signal handler
/// @ownership  the dock must outlive the server
class Server {
 public:
  /// Binds the address and starts to serve.
  /// @errors invalid_argument (not an address, bad option), conflict (the port is taken), forbidden (a
  ///         privileged port), io
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(dock::Dock& dock,
                                                             const ServerOptions& options = {});
  /// Stops the server and waits until it has stopped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8080"
  [[nodiscard]] std::string url() const;
  /// "reading: everyone; writing: ...", then what the operator should know, one line each.
  [[nodiscard]] std::vector<std::string> access_lines() const;
  /// Accepts nothing more, closes idle connections, lets running requests finish until the deadline. Returns
  /// at once.
  void stop();
  /// Waits until the server has stopped.
  void wait();
  /// As `wait`, but not longer than this. False: a handler still runs, and destroying the server would wait
  /// for it.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds timeout);

 private:
  class Core;
  explicit Server(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace learndock::server
