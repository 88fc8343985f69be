#include "cli/serve_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/server/server.hpp"

#include "base/log.hpp"
#include "base/number.hpp"
#include "cli/serve_config.hpp"
#include "cli/serve_tokens.hpp"
#include "cli/terminal/stop_signals.hpp"
#include "sandbox/layers.hpp"
#include "server/access.hpp"
#include "verify/dock_workers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace learndock::cli {
namespace {

/// After the drain deadline connections are cut off; a handler that still runs then is waited for this long.
constexpr std::chrono::seconds kLastGrace{2};

struct ServeOptions {
  std::string dock = "dock";
  std::string listen = "127.0.0.1:8080";
  TokenChoices tokens;
  std::string backend;
  std::string config;
  unsigned stop_seconds = 30;
  unsigned search_budget_ms = 10'000;
  unsigned sketch_budget_ms = 30'000;
  std::uint64_t reference_learnwares = 1'000;
  std::size_t max_connections_per_peer = server::ServerOptions().max_connections_per_peer;
  bool behind_proxy = false;
  std::size_t index_from = 8192;
  unsigned workers = 1;
  bool only_verified = false;
  std::optional<std::uint64_t> max_dock_bytes, min_free_bytes, keep_deleted;
};

Result<server::ServerOptions> parse_listen(const std::string& listen) {
  server::ServerOptions options;
  const std::size_t colon = listen.rfind(':');
  const Failure bad = fail(ErrorCode::usage, fmt::format("--listen is \"{}\"", listen), {},
                           "write ADDRESS:PORT, for example 127.0.0.1:8080 or [::1]:8080");
  if (colon == std::string::npos) return bad;
  options.address = listen.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']'))
    options.address = options.address.substr(1, options.address.size() - 2);
  if (options.address == "localhost") options.address = "127.0.0.1";
  const auto port = learndock::whole_number<std::uint16_t>(std::string_view(listen).substr(colon + 1));
  if (!port) return bad;
  options.port = *port;
  return options;
}

/// Reads the settings file, if there is one, and gives the server its options.
Result<server::ServerOptions> settle(CLI::App& command, ServeOptions& options, const OutputOptions& output) {
  LEARNDOCK_CHECK(options.tokens.note_sources(command, output));
  if (!options.config.empty()) LEARNDOCK_CHECK(apply_settings(command, options.config));
  LEARNDOCK_TRY(server::ServerOptions settled, parse_listen(options.listen));
  LEARNDOCK_CHECK(options.tokens.resolve(command, settled));
  settled.stop_deadline = std::chrono::seconds(options.stop_seconds);
  settled.search_budget = std::chrono::milliseconds(options.search_budget_ms);
  settled.sketch_budget = std::chrono::milliseconds(options.sketch_budget_ms);
  settled.reference_learnwares = options.reference_learnwares;
  settled.max_connections_per_peer = options.max_connections_per_peer;
  settled.per_address_shares = !options.behind_proxy;
  settled.only_verified = options.only_verified;
  return settled;
}

/// The learnware nearest to a specification, apart from the one that it belongs to.
Result<std::optional<verify::NearCopy>> nearest_in(const dock::Dock& dock,
                                                   const specification::RkmeSpecification& specification,
                                                   const std::string& own) {
  query::SearchRequest request;
  request.specification = specification;
  request.top = 2;
  request.mixture = 0;
  request.budget = std::chrono::seconds(2);
  LEARNDOCK_TRY(const query::SearchAnswer answer, dock.search(request));
  for (const query::SingleHit& hit : answer.singles)
    if (hit.id.text() != own && hit.mmd_squared) return verify::NearCopy{hit.id.text(), *hit.mmd_squared};
  return std::optional<verify::NearCopy>();
}

/// The workers of this server, unless a layer of the sandbox is missing: then it serves without them, and
/// says so. @param facts  what /v1/status says of it
Result<std::unique_ptr<verify::DockWorkers>> start_workers(const ServeOptions& options,
                                                           const dock::Dock& dock,
                                                           const OutputOptions& output, Json& facts) {
  facts = {{"workers", 0}, {"sandbox", sandbox::to_json(sandbox::layers())}};
  std::unique_ptr<verify::DockWorkers> none;
  if (options.workers == 0) {
    facts["why_none"] = "the server was started with --workers 0";
    return none;
  }
  if (const auto ready = verify::check_sandbox(); !ready) {
    facts["why_none"] = ready.error().message;
    note(output, "warning: packages are not verified: " + describe(shown(ready.error())));
    return none;
  }
  verify::DockWorkersOptions workers;
  workers.workers = options.workers;
  workers.name = "server";
  workers.host.environments.cache = runtime::default_environment_cache();
  workers.nearest = [&dock](const specification::RkmeSpecification& one, const std::string& own) {
    return nearest_in(dock, one, own);
  };
  facts["workers"] = options.workers;
  return verify::DockWorkers::start(options.dock, workers);
}

void announce(const server::Server& server, std::uint64_t learnwares, const OutputOptions& output) {
  note(output, fmt::format("learndock serves {} learnwares at {}", learnwares, server.url()));
  for (const std::string& line : server.access_lines()) note(output, line);
  note(output, "stop with Ctrl-C");
  if (!output.json) return;
  print_json({{"url", server.url()},
              {"port", server.port()},
              {"learnwares", learnwares},
              {"access", server.access_lines()}});
  std::fflush(stdout);
}

Result<void> serve(CLI::App& command, ServeOptions& options, const OutputOptions& output) {
  LEARNDOCK_TRY(server::ServerOptions server_options, settle(command, options, output));
  LEARNDOCK_TRY(StopSignals signals, StopSignals::install());
  LEARNDOCK_TRY(const auto opened,
                dock::Dock::open(options.dock, {.backend = options.backend,
                                                .index_from = options.index_from,
                                                .tend_index = true,
                                                .max_dock_bytes = options.max_dock_bytes,
                                                .min_free_bytes = options.min_free_bytes,
                                                .keep_deleted_days = options.keep_deleted}));
  Json facts;
  LEARNDOCK_TRY(const auto workers, start_workers(options, *opened, output, facts));
  server_options.verification = JsonValue(std::move(facts));
  LEARNDOCK_TRY(const auto server, server::Server::start(*opened, server_options));
  server_options = server::without_tokens(std::move(server_options));
  const std::uint64_t learnwares = opened->status().learnwares;
  signals.serving();
  announce(*server, learnwares, output);
  signals.wait();
  note(output, "stopping: finishing requests in progress");
  if (workers) workers->request_stop();
  server->stop();
  if (!server->wait_for(server_options.stop_deadline + kLastGrace))
    end_at_once(
        fmt::format("requests still ran {} s after the server was asked to stop", options.stop_seconds));
  return {};
}

/// Adds the options that say how long something may take.
void add_times(CLI::App& command, ServeOptions& options) {
  command
      .add_option(
          "--stop-seconds", options.stop_seconds,
          "Running requests get this long after Ctrl-C; then, or at a second Ctrl-C, the process ends "
          "with exit code 7")
      ->check(CLI::Range(0u, 86'400u))
      ->capture_default_str()
      ->envname("LEARNDOCK_STOP_SECONDS");
  command
      .add_option("--search-budget-ms", options.search_budget_ms,
                  "Longest a search compares; then it answers with what it has and says so. 0 for no limit")
      ->capture_default_str()
      ->envname("LEARNDOCK_SEARCH_BUDGET_MS");
  command
      .add_option(
          "--sketch-budget-ms", options.sketch_budget_ms,
          "Longest the server reduces a table that was sent to it, for example 5000; a table that takes "
          "longer is refused. 0 for no limit")
      ->capture_default_str()
      ->envname("LEARNDOCK_SKETCH_BUDGET_MS");
}

void add_limits(CLI::App& command, ServeOptions& options) {
  command
      .add_option("--reference-learnwares", options.reference_learnwares,
                  "Clients may ask for the slow backend cpu_reference while the dock holds at most this many "
                  "learnwares; 0 for never")
      ->capture_default_str()
      ->envname("LEARNDOCK_REFERENCE_LEARNWARES");
  command
      .add_option(
          "--index-from", options.index_from,
          "When one feature space has this many unindexed learnwares, they are taken into the search index")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->envname("LEARNDOCK_INDEX_FROM");
  command
      .add_option("--max-connections-per-peer", options.max_connections_per_peer,
                  "Connections of one address at a time; see also --behind-proxy")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->envname("LEARNDOCK_MAX_CONNECTIONS_PER_PEER");
  command
      .add_flag(
          "--behind-proxy", options.behind_proxy,
          "All clients come from a reverse proxy's address: no limits by address; the proxy must set its "
          "own. Example: learndock serve --dock mydock --behind-proxy")
      ->envname("LEARNDOCK_BEHIND_PROXY");
}

void add_verification(CLI::App& command, ServeOptions& options) {
  command
      .add_option(
          "--workers", options.workers,
          "Packages that this server verifies at a time, in the sandbox; 0 for none (learndock worker "
          "verifies beside it)")
      ->check(CLI::Range(0u, 256u))
      ->capture_default_str()
      ->envname("LEARNDOCK_WORKERS");
  command
      .add_flag("--only-verified", options.only_verified,
                "Searches answer with verified learnwares alone. Example: learndock serve --dock mydock "
                "--only-verified")
      ->envname("LEARNDOCK_ONLY_VERIFIED");
}

/// Adds the options that take the place of the dock's own limits (learndock limits).
void add_room(CLI::App& command, ServeOptions& options) {
  constexpr std::int64_t kLargest = std::int64_t{1} << 60;
  command
      .add_option("--max-dock-bytes", options.max_dock_bytes,
                  "Uploads that would make the dock's folder longer are refused; 0 for no limit")
      ->check(whole_number(0, kLargest))
      ->envname("LEARNDOCK_MAX_DOCK_BYTES");
  command
      .add_option("--min-free-bytes", options.min_free_bytes,
                  "Uploads that would leave less of the disk free are refused. Usually 64 MiB, or 1 % of a "
                  "disk under 6.4 GB")
      ->check(whole_number(0, kLargest))
      ->envname("LEARNDOCK_MIN_FREE_BYTES");
  command
      .add_option(
          "--keep-deleted", options.keep_deleted,
          "Days that deleted learnwares can be brought back (learndock undelete), while there is room. "
          "Usually 7; 0 removes them at once")
      ->check(whole_number(0, 36'500))
      ->envname("LEARNDOCK_KEEP_DELETED");
}

void add_serve_options(CLI::App& command, ServeOptions& options) {
  command.add_option("--dock", options.dock, "The dock's directory")
      ->capture_default_str()
      ->envname("LEARNDOCK_DOCK");
  command.add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str()
      ->envname("LEARNDOCK_LISTEN");
  options.tokens.add_options(command);
  command.add_option("--backend", options.backend, "Compute backend: cpu, cpu_reference or cuda")
      ->envname("LEARNDOCK_BACKEND");
  command.add_option(
      "--config", options.config,
      "Settings file (TOML): the long option names as keys; the command line and the environment "
      "come first");
}

}  // namespace

void add_serve_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ServeOptions>();
  const OutputOptions& output = invocation.output;
  // The action needs the command whose settings it reads, which exists only after add_command.
  auto self = std::make_shared<CLI::App*>(nullptr);
  CLI::App* command = add_command(app, invocation, "serve", "Serve a dock over HTTP, with its web page",
                                  "learndock serve --dock mydock --listen 127.0.0.1:8080",
                                  [=, &output] { return serve(**self, *options, output); });
  *self = command;
  add_serve_options(*command, *options);
  add_times(*command, *options);
  add_limits(*command, *options);
  add_room(*command, *options);
  add_verification(*command, *options);
}

}  // namespace learndock::cli
