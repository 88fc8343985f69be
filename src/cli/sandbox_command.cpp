#include "cli/sandbox_command.hpp"

#include "learndock/base/json.hpp"

#include "sandbox/layers.hpp"

#include <fmt/format.h>

namespace learndock::cli {
namespace {

Result<void> show_layers(Invocation& invocation) {
  const std::vector<sandbox::Layer>& layers = sandbox::layers();
  const sandbox::Layer* missing = sandbox::missing_layer();
  if (missing != nullptr) invocation.exit_code = exit_code(ErrorCode::sandbox_missing);
  if (invocation.output.json) {
    print_json({{"complete", missing == nullptr}, {"layers", sandbox::to_json(layers)}});
    return {};
  }
  Rows rows = {{"layer", "required", "state", "detail", "protects"}};
  for (const sandbox::Layer& one : layers)
    rows.push_back(
        {one.name, one.required ? "yes" : "no", one.there ? "there" : "missing", one.detail, one.protects});
  print_table(rows);
  for (const sandbox::Layer& one : layers)
    if (!one.there) print_line(fmt::format("fix {}: {}", one.name, one.fix));
  print_line(missing == nullptr ? "learnwares can be run here"
                                : fmt::format("no learnware is run here: {} is missing", missing->name));
  return {};
}

}  // namespace

void add_sandbox_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      add_command(app, invocation, "sandbox", "Show what protects this machine from learnwares", "",
                  [&invocation] { return show_layers(invocation); });
  command->footer(
      "example:\n  learndock sandbox\n\nEach layer is tried. Exit code 0: all that are required are there; "
      "7: one is "
      "missing,\nand no learnware is run on this machine.");
}

}  // namespace learndock::cli
