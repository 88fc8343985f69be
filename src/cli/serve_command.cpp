#include "learndock/base/log.hpp"
#include "learndock/market/market.hpp"
#include "learndock/service/server.hpp"

#include "cli/command.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <pthread.h>

namespace learndock::cli {
namespace {

struct ServeOptions {
  std::string dock = "dock";
  std::string listen = "127.0.0.1:8080";
  std::string token;
  std::string backend;
};

Result<service::ServerOptions> parse_listen(const std::string& listen) {
  service::ServerOptions options;
  const std::size_t colon = listen.rfind(':');
  const Failure bad = fail(ErrorCode::usage, fmt::format("--listen is \"{}\"", listen), {},
                           "write ADDRESS:PORT, for example 127.0.0.1:8080 or [::1]:8080");
  if (colon == std::string::npos) return bad;
  options.address = listen.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']'))
    options.address = options.address.substr(1, options.address.size() - 2);
  if (options.address == "localhost") options.address = "127.0.0.1";
  const auto [end, error] =
      std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), options.port);
  if (error != std::errc() || end != listen.data() + listen.size()) return bad;
  return options;
}

/// Blocks the stopping signals in this and every later thread, so that `sigwait` alone receives them.
sigset_t block_stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

Result<void> serve(const ServeOptions& options, const OutputOptions& output) {
  LEARNDOCK_TRY(service::ServerOptions server_options, parse_listen(options.listen));
  server_options.token = options.token;
  const sigset_t signals = block_stop_signals();
  LEARNDOCK_TRY(const auto market, market::Market::open(options.dock, {.backend = options.backend}));
  LEARNDOCK_TRY(const auto server, service::Server::start(*market, server_options));
  const market::MarketStatus status = market->status();
  note(output, fmt::format("learndock serves {} learnwares at {}", status.learnwares, server->url()));
  note(output, "stop with Ctrl-C");
  if (output.json) {
    print_json({{"url", server->url()}, {"port", server->port()}, {"learnwares", status.learnwares}});
    std::fflush(stdout);
  }
  int signal = 0;
  sigwait(&signals, &signal);
  note(output, "stopping: finishing requests in progress");
  server->stop();
  server->wait();
  return {};
}

}  // namespace

void add_serve_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<ServeOptions>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(app, invocation, "serve", "The dock's server and web page",
                                  "learndock serve --dock mydock --listen 127.0.0.1:8080",
                                  [=, &output] { return serve(*options, output); });
  command->add_option("--dock", options->dock, "The dock's directory")->capture_default_str();
  command->add_option("--listen", options->listen, "ADDRESS:PORT; port 0 takes a free one")
      ->capture_default_str();
  command->add_option("--token", options->token, "Ask for this token on uploads and deletes")
      ->envname("LEARNDOCK_TOKEN");
  command->add_option("--backend", options->backend, "cpu, cpu_reference or cuda");
  command->set_config("--config", "", "Settings file (TOML) with the long option names as keys");
  command->allow_config_extras(CLI::config_extras_mode::error);
}

}  // namespace learndock::cli
