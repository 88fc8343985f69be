#pragma once

#include "learndock/base/error.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/query/search.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace learndock::server {

/// The metrics that GET /metrics shows. No ids, names or addresses become labels.
/// @threads safe to call concurrently
class Metrics {
 public:
  Metrics();
  ~Metrics();
  /// @param route  the route's pattern, or "unmatched"
  void request(std::string_view route, std::string_view method, int status,
               std::chrono::duration<double> seconds);
  void search(const query::SearchAnswer& answer, std::chrono::duration<double> parsing);
  /// The steps of a request through a lane: each of these once, in this order.
  void handler_waits();
  void handler_starts();
  void handler_ends();
  void client_gone();
  /// Counts a package whose bytes are not those of its record.
  void package_damaged();
  /// @param lane  the kind of request
  void oldest_handler(const std::string& lane, std::chrono::duration<double> age);
  /// Bytes of the requests that are arriving or being answered, packages aside.
  void body_bytes(std::uint64_t bytes);
  /// Bytes that tables and their reduction are charged with.
  void table_memory(std::uint64_t bytes);
  /// Jobs of the queue of verifications, by state.
  void verify_jobs(const catalog::JobCounts& counts);
  void upload_stored();
  void upload_refused(ErrorCode code);
  /// The exposition text; gauges are read now.
  [[nodiscard]] std::string text(const dock::DockStatus& status, const dock::DiskStatus& disk);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace learndock::server
