#pragma once

#include "learndock/base/result.hpp"

#include "server/context.hpp"
#include "server/message.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace learndock::server {

using Handler = Result<Response> (*)(const Context&, const Request&);

/// Where a handler runs: quick ones on the IO thread; probes on a thread of their own, so that they answer
/// while every worker is busy and stop no IO thread; all others in the lane of their kind, so that cheap
/// requests never wait behind costly ones.
enum class Work : std::uint8_t { quick, probe, read, search, sketch, write };
/// Where a request's body goes, and which limit bounds it.
enum class BodyKind : std::uint8_t { none, json, table, package };

struct Route {
  std::string_view method;
  std::string_view pattern;  ///< "/v1/learnwares/{id}"; also the label in logs and metrics
  Handler handler;
  Work work = Work::read;
  BodyKind body = BodyKind::none;
  std::vector<std::string_view> media = {};  ///< accepted media types of the body
  bool writes = false;                       ///< changes the dock
};

/// The path -> handler table.
[[nodiscard]] std::span<const Route> routes();

/// Whether the route tells an orchestrator how the process does. Probes are always answered, whatever else is
/// refused.
[[nodiscard]] bool is_probe(const Route& route);

struct RouteMatch {
  const Route* route = nullptr;
  std::vector<std::string> parameters;
};
struct RouteMiss {
  Error error;
  std::string allow;  ///< methods of the path, for 405; "" for 404
};
/// The route for a method (HEAD finds GET's) and decoded path segments.
[[nodiscard]] tl::expected<RouteMatch, RouteMiss> find_route(std::string_view method,
                                                             std::span<const std::string> segments);

}  // namespace learndock::server
