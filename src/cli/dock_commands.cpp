#include "learndock/base/file.hpp"
#include "learndock/market/market.hpp"
#include "learndock/package/package.hpp"
#include "learndock/service/client.hpp"

#include "cli/command.hpp"
#include "package/manifest.hpp"

#include <fmt/format.h>

#include <optional>
#include <unistd.h>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUseScript = "use.py";
/// How the files written beside a package begin; any other file of their name is never overwritten.
constexpr std::string_view kScriptMark = "Runs one learnware's model";
constexpr std::string_view kRequirementsMark = "written by learndock get";

Result<service::Client> client_of(const DockChoice& dock) {
  return service::Client::create(dock.server, {.token = dock.token});
}

Result<void> init(const std::string& directory, const OutputOptions& output) {
  LEARNDOCK_CHECK(market::Market::create(directory));
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
  LEARNDOCK_TRY(const auto market, market::Market::open(directory));
  const auto progress = [&](std::uint64_t done, std::uint64_t total) {
    show_progress(output, "importing", done, total);
  };
  LEARNDOCK_TRY(const market::ImportOutcome outcome,
                specs.empty() ? market->import_packages({paths.begin(), paths.end()}, progress)
                              : market->import_specifications(specs, progress));
  Json rejected = Json::array();
  for (const auto& rejection : outcome.rejected) {
    rejected.push_back({{"path", rejection.path},
                        {"code", slug(rejection.error.code)},
                        {"message", rejection.error.message},
                        {"where", rejection.error.where},
                        {"fix", rejection.error.fix}});
    note(output, fmt::format("rejected {}: {}", rejection.path, describe(rejection.error)));
  }
  for (const std::string& warning : outcome.warnings) note(output, "warning: " + warning);
  if (output.json)
    print_json({{"imported", outcome.imported.size()},
                {"rejected", std::move(rejected)},
                {"warnings", outcome.warnings}});
  else
    print_line(fmt::format("imported {}, rejected {}", outcome.imported.size(), outcome.rejected.size()));
  if (outcome.imported.empty() && !outcome.rejected.empty())
    invocation.exit_code = exit_code(outcome.rejected.front().error.code);
  return {};
}

Result<Json> record_of(const DockChoice& dock, const std::string& id_text) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const service::Client client, client_of(dock));
    return client.show(id);
  }
  LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, market->find(id));
  return market::to_json(record);
}

Result<void> show(const DockChoice& dock, const std::string& id, const OutputOptions& output) {
  LEARNDOCK_TRY(const Json record, record_of(dock, id));
  print_line(output.json ? to_text(record) : to_pretty_text(record));
  return {};
}

Result<void> status(const DockChoice& dock, const std::string& id, const OutputOptions& output) {
  LEARNDOCK_TRY(const Json record, record_of(dock, id));
  if (output.json)
    print_json({{"id", record["id"]}, {"status", record["status"]}});
  else
    print_line(record["status"].get<std::string>());
  return {};
}

Result<Json> page_of(const DockChoice& dock, std::size_t limit, const std::string& after) {
  LEARNDOCK_CHECK(check(dock));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const service::Client client, client_of(dock));
    return client.list(limit, after);
  }
  std::uint64_t sequence = 0;
  if (!after.empty() && (after.find_first_not_of("0123456789") != std::string::npos || after.size() > 19))
    return fail(ErrorCode::usage, "--after is not a position of this dock", {}, "pass what \"next\" held");
  if (!after.empty()) sequence = std::stoull(after);
  LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
  LEARNDOCK_TRY(const catalog::RecordPage page, market->list(sequence, limit));
  Json learnwares = Json::array();
  for (const auto& record : page.records) learnwares.push_back(market::to_json(record));
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
  Rows rows = {{"id", "status", "name"}};
  for (const Json& record : page["learnwares"])
    rows.push_back({record["id"].get<std::string>(), record["status"].get<std::string>(),
                    record["name"].get<std::string>()});
  print_table(rows);
  if (page["next"].is_string()) note(output, "more: --after " + page["next"].get<std::string>());
  return {};
}

Result<void> write_companion(const fs::path& path, const std::string& content) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    LEARNDOCK_TRY(const std::string old, read_file(path, 1 << 20));
    const std::string_view head = std::string_view(old).substr(0, 400);
    if (head.find(kScriptMark) == std::string_view::npos &&
        head.find(kRequirementsMark) == std::string_view::npos)
      return fail(ErrorCode::conflict, "a file of that name is already there and is not ours", path.string(),
                  "fetch into another folder");
  }
  return write_file_atomically(path, content);
}

/// The package, and beside it use.py and the package's requirements.
Result<void> get(const DockChoice& dock, const std::string& id_text, const std::string& out,
                 const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  const fs::path zip(out);
  const fs::path folder = zip.has_parent_path() ? zip.parent_path() : fs::path(".");
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Failure(system_error(error.value(), "create the folder of", zip));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const service::Client client, client_of(dock));
    LEARNDOCK_CHECK(client.download(id, zip));
  } else {
    LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
    LEARNDOCK_TRY(const fs::path package, market->package_path(id));
    LEARNDOCK_TRY(const std::string bytes, read_file(package, std::size_t{2} << 30));
    LEARNDOCK_CHECK(write_file_atomically(zip, bytes));
  }
  const package::PackageLimits limits;
  LEARNDOCK_TRY(const std::string yaml, package::read_entry(zip, "learnware.yaml", limits.max_yaml_bytes));
  LEARNDOCK_TRY(const package::Manifest manifest, package::read_manifest(yaml, limits));
  const std::string script = market::use_script(manifest.model, id.text(), zip.filename().string());
  LEARNDOCK_CHECK(write_companion(folder / kUseScript, script));
  Json requirements = nullptr;
  if (auto text = package::read_entry(zip, "requirements.txt", 1 << 20)) {
    const std::string header =
        fmt::format("# of the package {}, {}\n", zip.filename().string(), kRequirementsMark);
    LEARNDOCK_CHECK(write_companion(folder / "requirements.txt", header + *text));
    requirements = (folder / "requirements.txt").string();
  } else if (text.error().code != ErrorCode::not_found) {
    return Failure(std::move(text).error());
  }
  if (output.json)
    print_json({{"id", id.text()},
                {"package", zip.string()},
                {"use", (folder / kUseScript).string()},
                {"requirements", requirements}});
  else
    print_line(fmt::format("wrote {} and {}", zip.string(), (folder / kUseScript).string()));
  return {};
}

Result<void> push(const DockChoice& dock, const std::string& path, const std::string& semantic_path,
                  const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  std::optional<spec::SemanticSpecification> semantic;
  if (!semantic_path.empty()) {
    LEARNDOCK_TRY(const std::string text, read_file(semantic_path, 1 << 20));
    LEARNDOCK_TRY(semantic, spec::semantic_from_json_text(text));
  }
  const auto* given = semantic ? &*semantic : nullptr;
  Json record;
  if (dock.server.empty()) {
    LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
    LEARNDOCK_TRY(const catalog::LearnwareRecord stored, market->add_package(path, given));
    record = market::to_json(stored);
  } else {
    // Checked here first, and sent in the canonical form that carries the semantic specification.
    const fs::path canonical = fs::temp_directory_path() / fmt::format("learndock-push-{}.zip", ::getpid());
    LEARNDOCK_TRY(const package::Package checked, package::read_package(path, canonical, given));
    for (const std::string& warning : checked.warnings) note(output, "warning: " + warning);
    const auto sent = [&]() -> Result<Json> {
      LEARNDOCK_TRY(const service::Client client, client_of(dock));
      return client.upload(canonical);
    }();
    std::error_code ignored;  // a temporary
    fs::remove(canonical, ignored);
    if (!sent) return Failure(sent.error());
    record = *sent;
  }
  print_line(output.json ? to_text(record) : fmt::format("stored as {}", record["id"].get<std::string>()));
  return {};
}

Result<void> remove(const DockChoice& dock, const std::string& id_text, const OutputOptions& output) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const service::Client client, client_of(dock));
    LEARNDOCK_CHECK(client.remove(id));
  } else {
    LEARNDOCK_TRY(const auto market, market::Market::open(dock.directory));
    LEARNDOCK_TRY(const auto removed, market->remove(id));
  }
  print_line(output.json ? to_text({{"id", id.text()}, {"deleted", true}})
                         : fmt::format("deleted {}", id.text()));
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

}  // namespace

void add_dock_commands(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  {
    auto directory = std::make_shared<std::string>();
    CLI::App* command = add_command(app, invocation, "init", "Make an empty dock", "learndock init mydock",
                                    [=, &output] { return init(*directory, output); });
    command->add_option("dir", *directory, "A new or empty folder")->required();
  }
  {
    auto directory = std::make_shared<std::string>(), specs = std::make_shared<std::string>();
    auto paths = std::make_shared<std::vector<std::string>>();
    CLI::App* command = add_command(app, invocation, "import", "Add packages, or records without packages",
                                    "learndock import --dock mydock packages/", [=, &invocation] {
                                      return import_into(*directory, *paths, *specs, invocation);
                                    });
    command->add_option("--dock", *directory, "The dock's directory")->required();
    command->add_option("--specs", *specs, "JSON lines: {\"id\"?, \"semantic\", \"stat\", \"url\"?}");
    command->add_option("path", *paths, "Zip packages, package folders, or folders of them");
  }
  add_one(app, invocation, "show", "All that is known of one learnware", show);
  add_one(app, invocation, "status", "How far a learnware has come", status);
  add_one(app, invocation, "delete", "Remove one learnware", remove);
  {
    auto dock = std::make_shared<DockChoice>();
    auto limit = std::make_shared<std::size_t>(100);
    auto after = std::make_shared<std::string>();
    CLI::App* command = add_command(app, invocation, "list", "Learnwares by the order they came",
                                    "learndock list --dock mydock",
                                    [=, &output] { return list(*dock, *limit, *after, output); });
    add_dock_choice(*command, *dock);
    command->add_option("--limit", *limit, "At most this many")
        ->check(CLI::Range(1, 200))
        ->capture_default_str();
    command->add_option("--after", *after, "Where the last page ended");
  }
  {
    auto dock = std::make_shared<DockChoice>();
    auto id = std::make_shared<std::string>(), out = std::make_shared<std::string>();
    CLI::App* command =
        add_command(app, invocation, "get", "Fetch a package, with a use.py to run it",
                    "learndock get 00000001 --server http://127.0.0.1:8080 --out try/learnware.zip",
                    [=, &output] { return get(*dock, *id, *out, output); });
    add_dock_choice(*command, *dock);
    command->add_option("id", *id, "The learnware's id")->required();
    command->add_option("--out", *out, "Zip file to write")->required();
  }
  {
    auto dock = std::make_shared<DockChoice>();
    auto path = std::make_shared<std::string>(), semantic = std::make_shared<std::string>();
    CLI::App* command = add_command(app, invocation, "push", "Submit one package",
                                    "learndock push my.zip --server http://127.0.0.1:8080",
                                    [=, &output] { return push(*dock, *path, *semantic, output); });
    add_dock_choice(*command, *dock);
    command->add_option("package", *path, "Zip package or package folder")->required();
    command->add_option("--semantic", *semantic, "Semantic specification, JSON; replaces the package's own");
  }
}

}  // namespace learndock::cli
