#include "server/handlers_system.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/semantic.hpp"

#include "http/http_fields.hpp"
#include "server/assets.hpp"

#include <fmt/format.h>

namespace learndock::server {
namespace {

/// The page's policy: nothing inline, nothing from other sites, not in a frame.
constexpr const char* kContentSecurity =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Response asset_response(const Request& request, const Asset& asset, const char* media) {
  const std::string tag = fmt::format("\"{}\"", asset.sha256);
  Response response;
  response.with("ETag", tag).with("Cache-Control", "no-cache");
  if (const auto known = request.head.field("if-none-match"); known && http::names_entity_tag(*known, tag)) {
    response.status = 304;
    return response;
  }
  response.fixed_body = asset.bytes;
  response.with("Content-Type", media)
      .with("Content-Security-Policy", kContentSecurity)
      .with("X-Frame-Options", "DENY")
      .with("Referrer-Policy", "no-referrer")
      .with("Cross-Origin-Opener-Policy", "same-origin")
      .with("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

/// Fails when a worker does not come back: it is lost, and its requests with it.
Result<void> check_workers(const Context& context) {
  const auto now = Lane::Clock::now();
  for (const auto& lane : context.lanes) {
    const std::chrono::duration<double> age = lane->oldest(now);
    if (age <= lane->limits().stuck_after) continue;
    return fail(
        ErrorCode::unavailable,
        fmt::format("workers: a request of the kind \"{}\" has run for {:.0f} s; the limit is {:.0f} s",
                    lane->limits().name, age.count(),
                    std::chrono::duration<double>(lane->limits().stuck_after).count()),
        {}, "if it does not end, restart the server; what the dock has acknowledged survives that");
  }
  return {};
}

/// A full disk is no reason to take a dock out of service: it is searched and read as before.
std::string disk_check(const dock::DiskStatus& disk) {
  if (disk.read_only.empty()) return "ok";
  return fmt::format("read-only: {} bytes free; {}", disk.free_bytes, disk.read_only);
}

}  // namespace

Result<Response> page(const Context&, const Request& request) {
  return asset_response(request, kIndexHtml, "text/html; charset=utf-8");
}
Result<Response> page_script(const Context&, const Request& request) {
  return asset_response(request, kAppJs, "text/javascript; charset=utf-8");
}
Result<Response> page_style(const Context&, const Request& request) {
  return asset_response(request, kStyleCss, "text/css; charset=utf-8");
}
Result<Response> page_icon(const Context&, const Request& request) {
  return asset_response(request, kFaviconSvg, "image/svg+xml");
}
Result<Response> openapi(const Context&, const Request& request) {
  return asset_response(request, kOpenapiJson, "application/json");
}

Result<Response> live(const Context&, const Request&) { return json_response(200, Json{{"status", "live"}}); }

Result<Response> ready(const Context& context, const Request&) {
  if (context.stopping) return fail(ErrorCode::unavailable, "the server is stopping");
  LEARNDOCK_CHECK(check_workers(context));
  // One row read is proof that the catalogue answers; the index is loaded before the server starts.
  LEARNDOCK_CHECK(context.dock.list(0, 1));
  const dock::DockStatus now = context.dock.status();
  // Damaged records are left out and all others answered: that is no reason to send anyone away.
  const std::string catalogue = now.damaged == 0 ? "ok"
                                                 : fmt::format("{} damaged record{} left out", now.damaged,
                                                               now.damaged == 1 ? "" : "s");
  return json_response(200,
                       Json{{"status", "ready"},
                            {"checks",
                             {{"catalogue", catalogue},
                              {"index", now.indexed > 0 ? "ok" : "none in use: every learnware is compared"},
                              {"workers", "ok"},
                              {"disk", disk_check(context.dock.disk())}}},
                            {"damaged_records", now.damaged},
                            {"index_version", now.index_version}});
}

Result<Response> metrics_text(const Context& context, const Request&) {
  Response response;
  for (const auto& lane : context.lanes)
    context.metrics.oldest_handler(lane->limits().name, lane->oldest(Lane::Clock::now()));
  context.metrics.body_bytes(context.body_bytes());
  context.metrics.table_memory(context.table_memory->used());
  if (const auto counts = context.dock.verification_counts()) context.metrics.verify_jobs(*counts);
  response.body = context.metrics.text(context.dock.status(), context.dock.disk());
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8").with("Cache-Control", "no-store");
  return response;
}

Result<Response> status(const Context& context, const Request&) {
  const dock::DockStatus now = context.dock.status();
  const auto jobs = context.dock.verification_counts();
  Json verification =
      context.options.verification->is_object() ? *context.options.verification : Json::object();
  if (jobs)
    verification["jobs"] = {{"waiting", jobs->waiting},
                            {"running", jobs->running},
                            {"done", jobs->done},
                            {"parked", jobs->parked}};
  verification["only_verified"] = context.options.only_verified;
  return json_response(200, Json{{"version", LEARNDOCK_VERSION},
                                 {"learnwares", now.learnwares},
                                 {"index_version", now.index_version},
                                 {"specification_bytes", now.specification_bytes},
                                 {"backend", now.backend},
                                 {"indexed", now.indexed},
                                 {"prefilters", now.prefilters},
                                 {"damaged", now.damaged},
                                 {"orphans", now.orphans},
                                 {"read_only", now.read_only},
                                 {"verification", std::move(verification)},
                                 {"writes", rule_name(context.access.rule())},
                                 {"access",
                                  {{"read", "open"},
                                   {"push", rule_name(context.access.rule(Deed::push))},
                                   {"delete", rule_name(context.access.rule(Deed::remove))}}}});
}

Result<Response> vocabularies(const Context&, const Request&) {
  Json answer = Json::object();
  for (const specification::SemanticVocabulary& one : specification::semantic_vocabularies())
    answer[std::string(one.name)] = {{"Type", one.type}, {"Values", one.values}};
  Json& by_data = answer["Task"]["ByData"] = Json::object();
  for (const std::string_view data :
       specification::semantic_vocabularies()[static_cast<std::size_t>(specification::SemanticKey::data)]
           .values)
    by_data[std::string(data)] = specification::tasks_of_data(data);
  return json_response(200, answer);
}

}  // namespace learndock::server
