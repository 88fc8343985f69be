// Commands for the one who keeps a dock: its limits, checks, copies and leftovers.
#include "learndock/market/dock_file.hpp"

#include "cli/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace learndock::cli {
namespace {

constexpr std::int64_t kLargestLimit = std::int64_t{1} << 60;

std::string option_name(const market::LimitName& limit) {
  std::string name = std::string("--") + limit.key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

struct LimitArguments {
  std::string dock;
  market::DockLimits given;
};

Result<void> limits(const CLI::App& command, const LimitArguments& arguments, const OutputOptions& output) {
  LEARNDOCK_TRY(const market::DockFile file, market::read_dock_file(arguments.dock));
  market::DockLimits limits = file.limits;
  for (const market::LimitName& one : market::limit_names())
    if (command.count(option_name(one)) > 0) limits.*one.value = arguments.given.*one.value;
  if (limits != file.limits) LEARNDOCK_CHECK(market::set_dock_limits(arguments.dock, limits));
  const Json json = market::to_json(limits);
  if (output.json) {
    print_json(json);
    return {};
  }
  Rows rows = {{"limit", "value", "meaning"}};
  for (const market::LimitName& one : market::limit_names())
    rows.push_back({one.key, std::to_string(limits.*one.value), one.help});
  print_table(rows);
  return {};
}

void add_limits_command(CLI::App& app, Invocation& invocation) {
  auto arguments = std::make_shared<LimitArguments>();
  const OutputOptions& output = invocation.output;
  auto self = std::make_shared<CLI::App*>(nullptr);
  CLI::App* command = add_command(app, invocation, "limits", "Show or change what a dock takes",
                                  "learndock limits mydock --max-points 2000",
                                  [=, &output] { return limits(**self, *arguments, output); });
  *self = command;
  command->add_option("dir", arguments->dock, "The dock's directory")->required();
  add_limit_options(*command, arguments->given);
}

}  // namespace

void add_limit_options(CLI::App& command, market::DockLimits& limits) {
  for (const market::LimitName& one : market::limit_names())
    command.add_option(option_name(one), limits.*one.value, one.help)
        ->check(whole_number(0, kLargestLimit))
        ->capture_default_str();
}

void add_upkeep_commands(CLI::App& app, Invocation& invocation) { add_limits_command(app, invocation); }

}  // namespace learndock::cli
