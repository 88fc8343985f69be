#include "cli/app.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"

#include "cli/bench_command.hpp"
#include "cli/data_command.hpp"
#include "cli/deleted_commands.hpp"
#include "cli/dock_commands.hpp"
#include "cli/get_command.hpp"
#include "cli/package_commands.hpp"
#include "cli/predict_command.hpp"
#include "cli/reindex_command.hpp"
#include "cli/sandbox_command.hpp"
#include "cli/search_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/spec_commands.hpp"
#include "cli/terminal/command.hpp"
#include "cli/terminal/usage.hpp"
#include "cli/upkeep_commands.hpp"
#include "cli/verify_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>

#ifndef LEARNDOCK_VERSION
#error "LEARNDOCK_VERSION is set by the build"
#endif

namespace learndock::cli {
namespace {

Result<void> print_version(const OutputOptions& output) {
  // The one backend that is always there; it refuses an instruction set that this machine lacks.
  LEARNDOCK_CHECK(compute::open_backend("cpu"));
  Json backends = Json::array();
  std::string text = "learndock " LEARNDOCK_VERSION;
  for (const auto& backend : compute::list_backends()) {
    backends.push_back(
        {{"name", backend.name}, {"available", backend.available}, {"details", backend.details}});
    text += fmt::format("\n  backend {:<14} {}{}", backend.name,
                        backend.available ? "" : "not available: ", backend.details);
  }
  if (output.json)
    print_json({{"version", LEARNDOCK_VERSION}, {"backends", std::move(backends)}});
  else
    print_line(text);
  return {};
}

int run_commands(int argc, char** argv, Invocation& invocation) {
  CLI::App app("learndock: find and reuse models others trained, by the data they were made for",
               "learndock");
  app.footer("example:\n  learndock search --server http://127.0.0.1:8080 --data my.csv");
  app.require_subcommand(1);
  app.set_version_flag("--version", "learndock " LEARNDOCK_VERSION);
  add_data_command(app, invocation);
  add_spec_commands(app, invocation);
  add_dock_commands(app, invocation);
  add_bench_command(app, invocation);
  add_get_command(app, invocation);
  add_reindex_command(app, invocation);
  add_sandbox_command(app, invocation);
  add_search_command(app, invocation);
  add_serve_command(app, invocation);
  add_undelete_command(app, invocation);
  add_upkeep_commands(app, invocation);
  add_package_commands(app, invocation);
  add_verify_commands(app, invocation);
  add_predict_command(app, invocation);
  add_command(app, invocation, "version", "Version and compute backends", "learndock version --json",
              [&] { return print_version(invocation.output); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    if (argc == 1) {
      print_line(app.help());
      return exit_code(ErrorCode::usage);
    }
    // Parsing may have stopped before --json, and a command that is not known has no such option.
    invocation.output.json = std::find(argv + 1, argv + argc, std::string_view("--json")) != argv + argc;
    return report_usage(app, error, invocation.output);
  }
  const Result<void> done = invocation.action();
  return done ? invocation.exit_code : report(invocation.output, done.error());
}

}  // namespace

int guard(const OutputOptions& output, const std::function<int()>& action) {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    return report(output, {ErrorCode::internal,
                           "there is not enough memory",
                           {},
                           "close other programs, or use less data: fewer rows, a smaller dock"});
  } catch (const std::exception& exception) {
    return report(output, {ErrorCode::internal,
                           fmt::format("an internal error happened: {}", exception.what()),
                           {},
                           "please report it with the command that you gave"});
  }
}

int run(int argc, char** argv) {
  Invocation invocation;
  return guard(invocation.output, [&] { return run_commands(argc, argv, invocation); });
}

}  // namespace learndock::cli
