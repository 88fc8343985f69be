// Deleted learnwares that are still kept: what they are, and bringing one back.
#include "cli/deleted_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/dock.hpp"

#include <fmt/format.h>

namespace learndock::cli {
namespace {

Result<void> undelete(const std::string& directory, const std::string& id_text, const OutputOptions& output) {
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  LEARNDOCK_TRY(const auto opened, dock::Dock::open(directory));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, opened->undelete(id));
  if (output.json)
    print_json(dock::to_json(record));
  else
    print_line(fmt::format("brought back {}", record.id.text()));
  return {};
}

}  // namespace

Result<void> list_deleted(const DockChoice& dock, const OutputOptions& output) {
  if (!dock.server.empty())
    return fail(ErrorCode::usage, "--deleted works on a dock's directory, not on its server", {},
                "stop the server and name the directory with --dock");
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const auto opened, dock::Dock::open(dock.directory, {.backend = {}, .read_only = true}));
  const std::vector<dock::DeletedLearnware> deleted = opened->deleted();
  if (output.json) {
    Json learnwares = Json::array();
    for (const auto& learnware : deleted) learnwares.push_back(dock::to_json(learnware));
    print_json({{"deleted", std::move(learnwares)}});
    return {};
  }
  Rows rows = {{"id", "deleted", "kept until", "name"}};
  for (const auto& learnware : deleted)
    rows.push_back({learnware.record.id.text(), dock::utc_text(learnware.removed_unix_ms),
                    dock::utc_text(learnware.kept_until_unix_ms), learnware.record.name});
  print_table(rows);
  return {};
}

void add_undelete_command(CLI::App& app, Invocation& invocation) {
  auto directory = std::make_shared<std::string>(), id = std::make_shared<std::string>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(app, invocation, "undelete", "Bring a deleted learnware back",
                                  "learndock undelete 00000001 --dock mydock",
                                  [=, &output] { return undelete(*directory, *id, output); });
  command->add_option("--dock", *directory, "The dock's directory; its server must not run")->required();
  command->add_option("id", *id, "The learnware's id; learndock list --deleted names those that are kept")
      ->required();
}

}  // namespace learndock::cli
