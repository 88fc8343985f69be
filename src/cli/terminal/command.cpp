#include "cli/terminal/command.hpp"

#include "base/number.hpp"
#include "cli/terminal/secret_file.hpp"

#include <fmt/format.h>

namespace learndock::cli {

CLI::App* add_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                      const std::string& help, const std::string& example,
                      std::function<Result<void>()> run) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->footer("example:\n  " + example);
  command->add_flag("--json", invocation.output.json, "One JSON object on stdout");
  command->add_flag("--quiet,-q", invocation.output.quiet, "Only results and errors");
  command->add_flag("--no-color")->description("Ignored: the output has no colours");
  command->callback([&invocation, run = std::move(run)] { invocation.action = run; });
  return command;
}

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  const bool bounded = high != std::numeric_limits<std::int64_t>::max();
  const std::string range =
      bounded ? fmt::format("from {} to {}", low, high) : fmt::format("of {} or more", low);
  return {[=](std::string& text) -> std::string {
            const auto value = learndock::whole_number<std::int64_t>(text);
            if (value && *value >= low && *value <= high) return {};
            return fmt::format("\"{}\" is not a whole number {}", text, range);
          },
          bounded ? fmt::format("{}..{}", low, high) : fmt::format(">={}", low)};
}

void add_dock_choice(CLI::App& command, DockChoice& choice) {
  auto* dock = command.add_option("--dock", choice.directory, "A dock's directory on this machine");
  auto* server = command.add_option("--server", choice.server, "A dock's server, http://host:port");
  dock->excludes(server);
  command
      .add_option("--token", choice.token, "Token for servers that ask for one; it shows in the process list")
      ->envname("LEARNDOCK_TOKEN");
  // This comes after --token, whose value may come from the environment: a named file takes its place.
  command.add_option_function<std::string>(
      "--token-file",
      [&choice](const std::string& path) {
        auto secret = read_secret(path);
        if (!secret) throw CLI::ValidationError("--token-file", describe(secret.error()));
        choice.token = std::move(*secret);
      },
      "File with the token; no one else may be allowed to read it");
}

Result<void> check(const DockChoice& choice) {
  if (choice.directory.empty() && choice.server.empty())
    return fail(ErrorCode::usage, "no dock was named", {},
                "add --dock DIR or --server http://127.0.0.1:8080");
  return {};
}

Result<std::unique_ptr<dock::Dock>> open_to_read(const DockChoice& choice, dock::DockOptions options) {
  options.read_only = true;
  return dock::Dock::open(choice.directory, options);
}

}  // namespace learndock::cli
