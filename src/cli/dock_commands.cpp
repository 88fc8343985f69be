#include "cli/dock_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/dock/dock_file.hpp"
#include "learndock/package/package.hpp"

#include "base/number.hpp"
#include "base/shorten.hpp"
#include "base/utf8.hpp"
#include "cli/deleted_commands.hpp"
#include "cli/upkeep_commands.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unistd.h>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

/// The longest path that Linux takes. A longer one names no file.
constexpr std::size_t kMaxPathBytes = 4'096;

Result<client::Client> client_of(const DockChoice& dock) {
  return client::Client::create(dock.server, {.token = dock.token});
}

Result<void> init(const std::string& directory, const dock::DockLimits& limits, const OutputOptions& output) {
  LEARNDOCK_CHECK(dock::Dock::create(directory, limits));
  if (output.json)
    print_json({{"dock", directory}});
  else
    print_line(fmt::format("made an empty dock in {}", directory));
  return {};
}

Result<void> import_into(const std::string& directory, const std::vector<std::string>& paths,
                         const std::string& specs, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  if (paths.empty() == specs.empty())
    return fail(ErrorCode::usage, "import takes packages or --specs FILE", {},
                "name zip files or folders, or a JSON-lines file");
  LEARNDOCK_TRY(const auto opened, dock::Dock::open(directory));
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    show_progress(output, "importing", done, total);
  };
  LEARNDOCK_TRY(dock::ImportOutcome outcome,
                specs.empty() ? opened->import_packages({paths.begin(), paths.end()}, progress)
                              : opened->import_specifications(specs, progress));
  // The new learnwares may be enough for a part of the search index; without one searches are only slower.
  if (const auto tended = opened->tend_index(); !tended)
    note(output, "warning: the search index was left as it is: " + describe(shown(tended.error())));
  Json rejected = Json::array();
  for (const auto& rejection : outcome.rejected) {
    const Error error = shortened(rejection.error);
    const std::string path = shortened(rejection.path, kMaxPathBytes);
    rejected.push_back({{"path", path},
                        {"code", slug(error.code)},
                        {"message", error.message},
                        {"where", error.where},
                        {"fix", error.fix}});
    note(output, fmt::format("rejected {}: {}", printable(path, 1'000), describe(shown(error))));
  }
  // Each is cut; how many there are depends on how many packages were given.
  for (std::string& warning : outcome.warnings)
    note(output, "warning: " + (warning = shortened_sentence(std::move(warning))));
  if (output.json)
    print_json({{"imported", outcome.imported.size()},
                {"rejected", std::move(rejected)},
                {"warnings", outcome.warnings}});
  else
    print_line(fmt::format("imported {}, rejected {}", outcome.imported.size(), outcome.rejected.size()));
  if (!outcome.imported.empty()) return {};
  if (outcome.rejected.empty()) note(output, "there was nothing to import");
  invocation.exit_code =
      exit_code(outcome.rejected.empty() ? ErrorCode::not_found : outcome.rejected.front().error.code);
  return {};
}

Result<Json> record_of(const DockChoice& dock, const std::string& id_text) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client, client_of(dock));
    return client.show(id);
  }
  LEARNDOCK_TRY(const auto opened, open_to_read(dock));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, opened->find(id));
  return dock::to_json(record);
}

Result<void> show(const DockChoice& dock, const std::string& id, const OutputOptions& output) {
  LEARNDOCK_TRY(const Json record, record_of(dock, id));
  if (output.json) {
    print_json(record);
    return {};
  }
  Rows rows = {{"key", "value"}};
  for (const auto& [key, value] : record.items())
    rows.push_back({key, value.is_string() ? value.get<std::string>() : to_text(value)});
  print_table(rows);
  return {};
}

Result<Json> page_of(const DockChoice& dock, std::size_t limit, const std::string& after) {
  LEARNDOCK_CHECK(check(dock));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client, client_of(dock));
    return client.list(limit, after);
  }
  const auto sequence =
      after.empty() ? std::optional<std::uint64_t>(0) : learndock::whole_number<std::uint64_t>(after);
  if (!sequence)
    return fail(ErrorCode::usage, "--after is not a position of this dock", {}, "pass what \"next\" held");
  LEARNDOCK_TRY(const auto opened, open_to_read(dock));
  LEARNDOCK_TRY(const catalog::RecordPage page, opened->list(*sequence, limit));
  Json learnwares = Json::array();
  for (const auto& record : page.records) learnwares.push_back(dock::to_json(record));
  return Json{{"learnwares", std::move(learnwares)},
              {"next", page.next ? Json(std::to_string(*page.next)) : Json(nullptr)}};
}

Result<void> list(const DockChoice& dock, std::size_t limit, const std::string& after,
                  const OutputOptions& output) {
  LEARNDOCK_TRY(const Json page, page_of(dock, limit, after));
  if (output.json) {
    print_json(page);
    return {};
  }
  Rows rows = {{"id", "status", "name", "warnings"}};
  for (const Json& record : page["learnwares"])
    rows.push_back({record["id"].get<std::string>(),
                    record.contains("damaged") ? "damaged" : record["status"].get<std::string>(),
                    record["name"].get<std::string>(),
                    std::to_string(record.value("warnings", Json::array()).size())});
  print_table(rows);
  if (page["next"].is_string()) note(output, "more: --after " + page["next"].get<std::string>());
  return {};
}

/// Checked here first. A zip file is then sent as it is; a folder, and a zip whose semantic specification is
/// too long for a header, in the canonical form.
Result<Json> push_to_server(const DockChoice& dock, const fs::path& path,
                            const specification::SemanticSpecification* semantic,
                            const OutputOptions& output) {
  const fs::path canonical = fs::temp_directory_path() / fmt::format("learndock-push-{}.zip", ::getpid());
  LEARNDOCK_TRY(const package::Package checked, package::read_package(path, canonical, semantic));
  warn(output, checked.warnings);
  auto sent = [&]() -> Result<Json> {
    LEARNDOCK_TRY(const client::Client client, client_of(dock));
    std::error_code ignored;  // what cannot be looked at is sent in the canonical form
    if (!fs::is_regular_file(path, ignored)) return client.upload(canonical);
    auto as_it_is = client.upload(path, semantic);
    const bool too_long = !as_it_is && as_it_is.error().code == ErrorCode::too_large && semantic != nullptr;
    return too_long ? client.upload(canonical) : as_it_is;
  }();
  io::disk::remove_any(canonical);  // a temporary
  std::vector<std::string> of_the_server;
  if (sent && sent->contains("warnings") && (*sent)["warnings"].is_array())
    for (const Json& warning : (*sent)["warnings"]) {
      if (!warning.is_string()) continue;
      auto text = warning.get<std::string>();
      if (std::find(checked.warnings.begin(), checked.warnings.end(), text) == checked.warnings.end())
        of_the_server.push_back(std::move(text));
    }
  warn(output, std::move(of_the_server));
  return sent;
}

Result<void> push(const DockChoice& dock, const std::string& path, const std::string& semantic_path,
                  const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  std::optional<specification::SemanticSpecification> semantic;
  if (!semantic_path.empty()) {
    LEARNDOCK_TRY(const std::string text, io::read_file(semantic_path, 1 << 20));
    LEARNDOCK_TRY(semantic, specification::semantic_from_json_text(text));
  }
  const auto* given = semantic ? &*semantic : nullptr;
  Json record;
  if (dock.server.empty()) {
    LEARNDOCK_TRY(const auto opened, dock::Dock::open(dock.directory));
    std::vector<std::string> warnings;
    LEARNDOCK_TRY(const catalog::LearnwareRecord stored, opened->add_package(path, given, &warnings));
    record = dock::to_json(stored);
    record["warnings"] = warn(output, std::move(warnings));
  } else {
    LEARNDOCK_TRY(record, push_to_server(dock, path, given, output));
  }
  if (output.json)
    print_json(record);
  else
    print_line(fmt::format("stored as {}", printable(record["id"].get<std::string>())));
  return {};
}

Result<void> remove(const DockChoice& dock, const std::string& id_text, const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  std::optional<std::int64_t> kept;
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client, client_of(dock));
    LEARNDOCK_CHECK(client.remove(id));
  } else {
    LEARNDOCK_TRY(const auto opened, dock::Dock::open(dock.directory));
    LEARNDOCK_TRY(const auto removed, opened->remove(id, &kept));
  }
  Json answer{{"id", id.text()}, {"deleted", true}};
  if (kept) answer["kept_until"] = dock::utc_text(*kept);
  if (output.json)
    print_json(answer);
  else
    print_line(fmt::format("deleted {}", id.text()));
  if (kept)
    note(output, fmt::format("kept until {}; bring it back: learndock undelete {} --dock {}",
                             dock::utc_text(*kept), id.text(), dock.directory));
  return {};
}

using OneLearnware = Result<void> (*)(const DockChoice&, const std::string&, const OutputOptions&);

void add_one(CLI::App& app, Invocation& invocation, const std::string& name, const std::string& help,
             OneLearnware run) {
  auto dock = std::make_shared<DockChoice>();
  auto id = std::make_shared<std::string>();
  const OutputOptions& output = invocation.output;
  CLI::App* command =
      add_command(app, invocation, name, help, fmt::format("learndock {} 00000001 --dock mydock", name),
                  [=, &output] { return run(*dock, *id, output); });
  add_dock_choice(*command, *dock);
  command->add_option("id", *id, "The learnware's id")->required();
}

void add_init_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto directory = std::make_shared<std::string>();
  auto limits = std::make_shared<dock::DockLimits>();
  CLI::App* command = add_command(app, invocation, "init", "Make an empty dock",
                                  "learndock init mydock\n  learndock init mydock --max-points 2000",
                                  [=, &output] { return init(*directory, *limits, output); });
  command->add_option("dir", *directory, "A new or empty folder")->required();
  add_limit_options(*command, *limits);
}

void add_import_command(CLI::App& app, Invocation& invocation) {
  auto directory = std::make_shared<std::string>(), specs = std::make_shared<std::string>();
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(app, invocation, "import", "Add packages, or records without packages",
                                  "learndock import --dock mydock packages/", [=, &invocation] {
                                    return import_into(*directory, *paths, *specs, invocation);
                                  });
  command->footer(
      "example:\n  learndock import --dock mydock packages/\n\n"
      "exit code: 0 when at least one was imported, even if others were rejected (the output lists\n"
      "them); when none was, that of the first rejection, or 3 when there was nothing to import");
  command->add_option("--dock", *directory, "The dock's directory")->required();
  command->add_option("--specs", *specs, "JSON lines: {\"id\"?, \"semantic\", \"stat\", \"url\"?}");
  command->add_option("path", *paths, "Zip packages, package folders, or folders of them");
}

void add_list_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto dock = std::make_shared<DockChoice>();
  auto limit = std::make_shared<std::size_t>(100);
  auto deleted = std::make_shared<bool>(false);
  auto after = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app, invocation, "list", "List learnwares in the order they came", "learndock list --dock mydock",
      [=, &output] { return *deleted ? list_deleted(*dock, output) : list(*dock, *limit, *after, output); });
  command->add_flag("--deleted", *deleted,
                    "List the deleted ones that can be brought back (learndock undelete)");
  add_dock_choice(*command, *dock);
  command->add_option("--limit", *limit, "Most learnwares to list")
      ->check(whole_number(1, 200))
      ->capture_default_str();
  command->add_option("--after", *after, "Position where the last page ended");
}

void add_push_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto dock = std::make_shared<DockChoice>();
  auto path = std::make_shared<std::string>(), semantic = std::make_shared<std::string>();
  CLI::App* command = add_command(app, invocation, "push", "Submit one package",
                                  "learndock push my.zip --server http://127.0.0.1:8080",
                                  [=, &output] { return push(*dock, *path, *semantic, output); });
  add_dock_choice(*command, *dock);
  command->add_option("package", *path, "Zip package or package folder")->required();
  command->add_option("--semantic", *semantic, "Semantic specification, JSON; replaces the package's own");
}

}  // namespace

void add_dock_commands(CLI::App& app, Invocation& invocation) {
  add_init_command(app, invocation);
  add_import_command(app, invocation);
  add_one(app, invocation, "show", "Show everything about one learnware", show);
  add_one(app, invocation, "delete", "Remove one learnware", remove);
  add_list_command(app, invocation);
  add_push_command(app, invocation);
}

}  // namespace learndock::cli
