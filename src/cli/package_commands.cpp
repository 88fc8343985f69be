// Commands for the maker of a package: try it, pack it, begin one.
#include "cli/package_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/package/package.hpp"

#include "cli/assets.hpp"
#include "cli/terminal/stop_token.hpp"
#include "io/disk.hpp"
#include "io/file_copy.hpp"
#include "io/file_rights.hpp"
#include "verify/dock_workers.hpp"
#include "verify/host.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kChecks = 12;

void print_report(const verify::Report& report, const std::string& package, Invocation& invocation) {
  if (report.outcome == catalog::Outcome::failed) invocation.exit_code = exit_code(ErrorCode::check_failed);
  if (report.outcome == catalog::Outcome::parked) invocation.exit_code = exit_code(ErrorCode::unavailable);
  if (invocation.output.json) {
    Json json = verify::to_json(report);
    json["package"] = package;
    print_json(json);
    return;
  }
  Rows rows = {{"check", "result", "message"}};
  for (const verify::Check& check : report.checks)
    rows.push_back({check.name, check.passed ? "passed" : "failed", check.message});
  print_table(rows);
  print_line(fmt::format("{}: {}", package, catalog::outcome_name(report.outcome)));
  if (report.outcome != catalog::Outcome::passed && !report.log.empty())
    note(invocation.output, "what the model printed:\n" + report.log);
}

Result<void> pack(const std::string& folder, const std::string& out, const OutputOptions& output) {
  LEARNDOCK_TRY(const package::Package packed, package::read_package(folder, out));
  const auto warnings = warn(output, packed.warnings);
  LEARNDOCK_TRY(const std::string sha256, io::digest_of_file(out));
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(out, error);
  if (output.json)
    print_json({{"package", out}, {"bytes", bytes}, {"sha256", sha256}, {"warnings", warnings}});
  else
    print_line(fmt::format("packed {} ({} bytes); try it: learndock check {}", out, bytes, out));
  return {};
}

Result<void> init_package(const std::string& folder, const OutputOptions& output) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    return fail(ErrorCode::conflict, "the folder is not empty", folder, "choose an empty or a new folder");
  error = io::disk::make_folders(folder);
  if (error) return fail(ErrorCode::io, "cannot make the folder: " + error.message(), folder);
  const std::pair<const char*, const Asset&> files[] = {
      {"learnware.yaml", kLearnwareYaml},     {"__init__.py", kModelPy},
      {"requirements.txt", kRequirementsTxt}, {"semantic_specification.json", kSemanticSpecificationJson},
      {"stat_spec.json", kStatSpecJson},      {"validation.csv", kValidationCsv}};
  Json written = Json::array();
  for (const auto& [name, asset] : files) {
    LEARNDOCK_CHECK(io::write_user_file(fs::path(folder) / name, asset.bytes));
    written.push_back(name);
  }
  if (output.json)
    print_json({{"folder", folder}, {"files", std::move(written)}});
  else
    print_line(fmt::format("began a package in {}; its files say what to change. Try it: learndock check {}",
                           folder, folder));
  return {};
}

}  // namespace

Result<verify::HostOptions> host_options(bool unsafe, const OutputOptions& output) {
  verify::HostOptions host;
  host.environments.cache = runtime::default_environment_cache();
  if (!unsafe) {
    LEARNDOCK_CHECK(verify::check_sandbox());
    return host;
  }
  host.protection = sandbox::Protection::none;
  note(output,
       "warning: --unsafe-no-sandbox runs the package's code with your own rights: it can read and change "
       "your files and use the network. Use it only for a package that you trust");
  return host;
}

bool is_package(const std::string& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return true;
  return !fs::exists(fs::path(path) / "dock.json", error) &&
         fs::exists(fs::path(path) / "learnware.yaml", error);
}

Result<void> check_package(const PackageCheckOptions& options, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  LEARNDOCK_TRY(const verify::HostOptions host, host_options(options.unsafe, output));
  LEARNDOCK_TRY(const std::stop_token stop, stop_at_signal());
  const verify::Surroundings surroundings = verify::host_surroundings(host);
  std::uint64_t done = 0;
  LEARNDOCK_TRY(const verify::Report report,
                verify::Checker(surroundings)
                    .check(
                        {options.package, options.package, nullptr},
                        [&](const char* check) {
                          show_progress(output, fmt::format("checking: {}", check), done++, kChecks);
                        },
                        stop));
  print_report(report, options.package, invocation);
  return {};
}

void add_package_commands(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto folder = std::make_shared<std::string>(), out = std::make_shared<std::string>();
  CLI::App* packing = add_command(app, invocation, "pack", "Make a package of a folder",
                                  "learndock pack my-model --out my-model.zip",
                                  [=, &output] { return pack(*folder, *out, output); });
  packing->add_option("dir", *folder, "The folder with learnware.yaml")->required();
  packing->add_option("--out", *out, "The zip file")->required();
  CLI::App* beginning =
      add_command(app, invocation, "init-package", "Begin a package: commented files that work as they are",
                  "learndock init-package my-model", [=, &output] { return init_package(*folder, output); });
  beginning->add_option("dir", *folder, "A new or empty folder")->required();
}

}  // namespace learndock::cli
