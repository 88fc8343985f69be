#include "server/router.hpp"

#include "server/handlers_dock.hpp"
#include "server/handlers_search.hpp"
#include "server/handlers_system.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace learndock::server {
namespace {

using Parameters = std::vector<std::string>;

/// The values of the pattern's {..} segments when the path fits it.
std::optional<Parameters> fit(std::string_view pattern, std::span<const std::string> segments) {
  Parameters found;
  pattern.remove_prefix(1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::size_t slash = std::min(pattern.find('/'), pattern.size());
    const std::string_view expected = pattern.substr(0, slash);
    if (expected.starts_with('{')) {
      if (segments[i].empty()) return std::nullopt;
      found.push_back(segments[i]);
    } else if (expected != segments[i]) {
      return std::nullopt;
    }
    const bool pattern_ends = slash == pattern.size();
    if (pattern_ends != (i + 1 == segments.size())) return std::nullopt;
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  }
  return found;
}

RouteMiss no_such_path() {
  return {
      Error{ErrorCode::not_found, "nothing is served at this path", {}, "see /v1/openapi.json for what is"},
      {}};
}

RouteMiss wrong_method(std::string_view method, std::vector<std::string_view> allowed) {
  const std::string allow = fmt::format("{}", fmt::join(allowed, ", "));
  return {Error{ErrorCode::method_not_allowed,
                fmt::format("this path does not take the method {}", method),
                {},
                fmt::format("use {}", allow)},
          allow};
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table{
      {"GET", "/", page, Work::quick},
      {"GET", "/app.js", page_script, Work::quick},
      {"GET", "/style.css", page_style, Work::quick},
      {"GET", "/favicon.svg", page_icon, Work::quick},
      {"GET", "/livez", live, Work::quick},
      {"GET", "/readyz", ready, Work::probe},
      {"GET", "/healthz", ready, Work::probe},
      {"GET", "/metrics", metrics_text, Work::probe},
      {"GET", "/v1/openapi.json", openapi, Work::quick},
      {"GET", "/v1/status", status},
      {"GET", "/v1/vocabularies", vocabularies, Work::quick},
      {"POST", "/v1/search", search, Work::search, BodyKind::json, {"application/json", kSpecMedia}},
      {"POST",
       "/v1/specifications",
       make_specification,
       Work::sketch,
       BodyKind::table,
       {"text/csv", kNpyMedia}},
      {"GET", "/v1/learnwares", list_learnwares},
      {"POST", "/v1/learnwares", upload, Work::write, BodyKind::package, {"application/zip"}, true},
      {"GET", "/v1/learnwares/{id}", show_learnware},
      {"DELETE", "/v1/learnwares/{id}", remove_learnware, Work::write, BodyKind::none, {}, true},
      {"GET", "/v1/learnwares/{id}/verification", show_verification},
      {"POST", "/v1/learnwares/{id}/verification", verify_again, Work::write, BodyKind::none, {}, true},
      {"GET", "/v1/learnwares/{id}/package", download},
      {"GET", "/v1/learnwares/{id}/use.py", use_script},
  };
  return table;
}

bool is_probe(const Route& route) { return route.work == Work::probe || route.pattern == "/livez"; }

tl::expected<RouteMatch, RouteMiss> find_route(std::string_view method,
                                               std::span<const std::string> segments) {
  std::vector<std::string_view> allowed;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Route& route : routes()) {
    auto parameters = fit(route.pattern, segments);
    if (!parameters) continue;
    if (route.method == wanted) return RouteMatch{&route, std::move(*parameters)};
    allowed.push_back(route.method);
    if (route.method == "GET") allowed.push_back("HEAD");
  }
  if (allowed.empty()) return tl::unexpected(no_such_path());
  return tl::unexpected(wrong_method(method, std::move(allowed)));
}

}  // namespace learndock::server
