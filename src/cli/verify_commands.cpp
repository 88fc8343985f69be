// Commands around the verification of the learnwares in a dock.
#include "cli/verify_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"

#include "catalog/verification_jobs.hpp"
#include "cli/terminal/stop_token.hpp"
#include "dock/truth/dock_folder.hpp"
#include "verify/dock_workers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <unistd.h>

namespace learndock::cli {
namespace {

Result<Json> verification_of(const DockChoice& dock, const std::string& id_text, bool again) {
  LEARNDOCK_CHECK(check(dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(id_text));
  if (!dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client, client::Client::create(dock.server, {.token = dock.token}));
    return again ? client.verify_again(id) : client.verification(id);
  }
  if (again) {
    LEARNDOCK_TRY(const auto opened, dock::Dock::open(dock.directory));
    LEARNDOCK_TRY(const catalog::VerificationStatus status, opened->verify_again(id));
    return dock::to_json(status);
  }
  LEARNDOCK_TRY(const auto opened, open_to_read(dock));
  LEARNDOCK_TRY(const catalog::VerificationStatus status, opened->verification(id));
  return dock::to_json(status);
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : to_text(value);
}

/// For people: the status first, then where the job stands, then the checks.
void print_verification(const Json& json) {
  print_line(text_of(json["status"]));
  Rows rows = {{"key", "value"}};
  for (const char* const key :
       {"state", "stage", "place", "attempts", "worker", "note", "verdict", "finished"})
    if (json.contains(key) && !json[key].is_null()) rows.push_back({key, text_of(json[key])});
  if (rows.size() > 1) print_table(rows);
  if (!json.contains("checks") || !json["checks"].is_array()) return;
  Rows checks = {{"check", "result", "message"}};
  for (const Json& check : json["checks"])
    if (check.is_object())
      checks.push_back({check.value("name", ""), check.value("passed", false) ? "passed" : "failed",
                        check.value("message", "")});
  print_table(checks);
}

Result<void> status(const DockChoice& dock, const std::string& id, const OutputOptions& output) {
  LEARNDOCK_TRY(const Json json, verification_of(dock, id, false));
  if (output.json)
    print_json(json);
  else
    print_verification(json);
  return {};
}

Result<void> verify_again(const DockChoice& dock, const std::string& id, const OutputOptions& output) {
  LEARNDOCK_TRY(const Json json, verification_of(dock, id, true));
  if (output.json)
    print_json(json);
  else
    print_line(
        fmt::format("{} waits to be verified, at place {}", text_of(json["id"]), text_of(json["place"])));
  return {};
}

struct WorkerChoice {
  std::string dock;
  unsigned workers = 1;
  bool until_empty = false;
};

std::string name_of_worker() {
  char host[256] = "host";
  (void)::gethostname(host, sizeof host - 1);  // a name for people: any will do
  return fmt::format("{}:{}", host, ::getpid());
}

Result<void> worker(const WorkerChoice& choice, const OutputOptions& output) {
  LEARNDOCK_TRY(const std::stop_token stop, stop_at_signal());
  LEARNDOCK_CHECK(dock::read_dock_file(choice.dock));
  verify::DockWorkersOptions options;
  options.workers = choice.workers;
  options.name = name_of_worker();
  options.host.environments.cache = runtime::default_environment_cache();
  LEARNDOCK_TRY(auto workers, verify::DockWorkers::start(choice.dock, options));
  LEARNDOCK_TRY(const auto jobs, catalog::read_verification_jobs(dock::DockFolder(choice.dock).catalogue()));
  note(output, fmt::format("{} worker{} for {}; stop with Ctrl-C", choice.workers,
                           choice.workers == 1 ? "" : "s", choice.dock));
  catalog::JobCounts counts;
  while (!stop.stop_requested()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    LEARNDOCK_TRY(counts, jobs->counts());
    const std::uint64_t left = counts.waiting + counts.running, ended = counts.done + counts.parked;
    if (left > 0) show_progress(output, "verifying", ended, left + ended);
    if (choice.until_empty && left == 0) break;
  }
  workers.reset();  // what they were trying goes back to the queue
  LEARNDOCK_TRY(counts, jobs->counts());
  if (output.json)
    print_json({{"waiting", counts.waiting},
                {"running", counts.running},
                {"done", counts.done},
                {"parked", counts.parked}});
  else
    print_line(fmt::format("{} waiting, {} running, {} done, {} parked", counts.waiting, counts.running,
                           counts.done, counts.parked));
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

void add_verify_commands(CLI::App& app, Invocation& invocation) {
  add_one(app, invocation, "status", "Show whether a learnware is verified, and what was found", status);
  add_one(app, invocation, "verify", "Ask for another verification of a learnware", verify_again);
  auto choice = std::make_shared<WorkerChoice>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(
      app, invocation, "worker", "Verify the packages that wait in a dock, beside its server or without one",
      "learndock worker --dock mydock\n  learndock worker --dock mydock --workers 4 --until-empty",
      [=, &output] { return worker(*choice, output); });
  command->add_option("--dock", choice->dock, "The dock's directory")->required();
  command->add_option("--workers", choice->workers, "Packages that are tried at a time")
      ->check(whole_number(1, 256))
      ->capture_default_str();
  command->add_flag("--until-empty", choice->until_empty, "End when no package waits any more");
}

}  // namespace learndock::cli
