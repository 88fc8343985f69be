#pragma once

#include "http/asio.hpp"
#include "server/budget.hpp"
#include "server/context.hpp"
#include "server/router.hpp"

#include <cstddef>

namespace learndock::server {

/// The objects that all connections of one server share.
struct Shared {
  const ServerOptions& options;
  const Context& context;
  asio::thread_pool& probes;  ///< handlers that answer while every lane is busy
  asio::thread_pool& files;   ///< reads and writes pieces of packages
  Budget probe_jobs;
  Budget body_bytes;        ///< bodies held in memory
  Budget small_body_bytes;  ///< a reserve for small bodies, when large ones hold the rest
  Budget answer_bytes;      ///< answers held in memory until the client has read them
  Budget uploads;           ///< staged files

  [[nodiscard]] Lane& lane(Work work) const {
    return *context.lanes[static_cast<std::size_t>(work) - static_cast<std::size_t>(Work::read)];
  }
};

}  // namespace learndock::server
