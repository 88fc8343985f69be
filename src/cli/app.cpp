#include "cli/app.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"

#include "cli/bench_command.hpp"
#include "cli/command.hpp"
#include "cli/data_command.hpp"
#include "cli/deleted_commands.hpp"
#include "cli/dock_commands.hpp"
#include "cli/get_command.hpp"
#include "cli/package_commands.hpp"
#include "cli/reindex_command.hpp"
#include "cli/sandbox_command.hpp"
#include "cli/search_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/spec_commands.hpp"
#include "cli/suggest.hpp"
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

const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

std::vector<std::string> known_words(const CLI::App& command, bool flags) {
  std::vector<std::string> words;
  if (flags)
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  else
    for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
      words.push_back(sub->get_name());
  return words;
}

/// The word that was not understood: the first on the line that no command took.
std::string unknown_word(const CLI::App& app, const CLI::App& command) {
  const auto left = app.remaining(true);
  // Without its command no option is known, so a mistyped command is the fault to name.
  const std::vector<std::string> commands = known_words(command, false);
  for (const std::string& word : left)
    if (!word.starts_with("-") && !closest(word, commands).empty()) return word;
  // Every command takes these options, so they are not the fault when the command itself is not known.
  const auto common = [&](const std::string& word) {
    return !commands.empty() &&
           (word == "--json" || word == "--quiet" || word == "-q" || word == "--no-color");
  };
  // An unknown option comes with its value, in either order; the option is the mistyped word.
  for (const std::string& word : left)
    if (word.starts_with("-") && !common(word)) return word;
  for (const std::string& word : left)
    if (!common(word)) return word;
  return "";
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, const OutputOptions& output) {
  const CLI::App& command = deepest(app);
  std::string message = error.what();
  std::string path;
  for (const CLI::App* level = &command; level != nullptr; level = level->get_parent())
    path = level->get_name() + " " + path;
  std::string fix = fmt::format("see: {}--help", path);
  // A mistyped word is often why something else is missing, so the message names the word.
  const bool extra =
      dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
      (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !app.remaining(true).empty());
  if (const std::string word = extra ? unknown_word(app, command) : ""; !word.empty()) {
    const bool flag = word.starts_with("-");
    message = fmt::format("{} \"{}\" is not known", flag ? "the option" : "the command or argument", word);
    if (const std::string near = closest(word.substr(0, word.find('=')), known_words(command, flag));
        !near.empty())
      fix = near == word ? fmt::format("options come after the command: {}{}", path, word)
                         : fmt::format("did you mean \"{}\"?", near);
  }
  return report(output, {ErrorCode::usage, message, {}, fix});
}

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
    return usage_error(app, error, invocation.output);
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
