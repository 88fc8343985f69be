#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/server/server.hpp"

#include "server/access.hpp"
#include "server/budget.hpp"
#include "server/lane.hpp"
#include "server/metrics.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace learndock::server {

/// The objects that handlers use. Handlers run on several threads at once.
struct Context {
  dock::Dock& dock;
  const ServerOptions& options;
  std::shared_ptr<const compute::Backend> backend;  ///< for specifications made from tables
  Metrics& metrics;
  bool loopback;  ///< bound to a loopback address
  const std::atomic<bool>& stopping;
  Access& access;  ///< who may change the dock
  const std::vector<std::unique_ptr<Lane>>& lanes;
  std::function<std::uint64_t()> body_bytes;  ///< bytes of all bodies in memory
  /// Memory for tables and their reduction. Addresses take turns in their lane, so one may hold all of it.
  std::shared_ptr<Budget> table_memory =
      std::make_shared<Budget>(options.max_table_memory, options.max_table_memory);
};

}  // namespace learndock::server
