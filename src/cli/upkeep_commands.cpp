// Commands for the keeper of a dock: its limits, checks, backups and leftovers.
#include "cli/upkeep_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/dock/backup.hpp"
#include "learndock/dock/dock_file.hpp"
#include "learndock/dock/upkeep.hpp"

#include "base/shorten.hpp"
#include "cli/package_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace learndock::cli {
namespace {

constexpr std::int64_t kLargestLimit = std::int64_t{1} << 60;

std::string option_name(const dock::LimitName& limit) {
  std::string name = std::string("--") + limit.key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

struct LimitArguments {
  std::string dock;
  dock::DockLimits given;
};

Result<void> limits(const CLI::App& command, const LimitArguments& arguments, const OutputOptions& output) {
  LEARNDOCK_TRY(const dock::DockFile file, dock::read_dock_file(arguments.dock));
  dock::DockLimits limits = file.limits;
  for (const dock::LimitName& one : dock::limit_names())
    if (command.count(option_name(one)) > 0) limits.*one.value = arguments.given.*one.value;
  if (limits != file.limits) LEARNDOCK_CHECK(dock::set_dock_limits(arguments.dock, limits));
  const Json json = dock::to_json(limits);
  if (output.json) {
    print_json(json);
    return {};
  }
  Rows rows = {{"limit", "value", "meaning"}};
  for (const dock::LimitName& one : dock::limit_names())
    rows.push_back({one.key, std::to_string(limits.*one.value), one.help});
  print_table(rows);
  return {};
}

void add_limits_command(CLI::App& app, Invocation& invocation) {
  auto arguments = std::make_shared<LimitArguments>();
  const OutputOptions& output = invocation.output;
  auto self = std::make_shared<CLI::App*>(nullptr);
  CLI::App* command = add_command(app, invocation, "limits", "Show or change the limits of a dock",
                                  "learndock limits mydock --max-points 2000",
                                  [=, &output] { return limits(**self, *arguments, output); });
  *self = command;
  command->add_option("dir", arguments->dock, "The dock's directory")->required();
  add_limit_options(*command, arguments->given);
}

dock::UpkeepProgress progress_of(const OutputOptions& output) {
  return [&output](std::string_view stage, std::uint64_t done, std::uint64_t total) {
    show_progress(output, std::string(stage), done, total);
  };
}

/// The exit code when damage is left: that of a failed verification.
constexpr int kDamageExit = 6;

/// A finding quotes what it found, and a damaged file may contain anything.
dock::Finding cut(dock::Finding finding) {
  for (std::string* text : {&finding.subject, &finding.what, &finding.fix})
    *text = shortened_sentence(std::move(*text));
  return finding;
}

void print_check(const dock::CheckReport& report, const std::string& dock, Invocation& invocation) {
  const std::uint64_t damages = report.damages();
  if (damages > 0) invocation.exit_code = kDamageExit;
  if (invocation.output.json) {
    Json findings = Json::array();
    for (const dock::Finding& one : report.findings) findings.push_back(dock::to_json(cut(one)));
    print_json({{"dock", dock},
                {"sound", damages == 0},
                {"damages", damages},
                {"records", report.records},
                {"packages", report.packages},
                {"findings", std::move(findings)}});
    return;
  }
  Rows rows = {{"state", "part", "subject", "what", "fix"}};
  for (const dock::Finding& whole : report.findings) {
    const dock::Finding one = cut(whole);
    rows.push_back({one.mended   ? "mended"
                    : one.damage ? "damaged"
                                 : "note",
                    one.part, one.subject, one.what, one.fix});
  }
  if (rows.size() > 1) print_table(rows);
  print_line(
      fmt::format("{} record{}, {} package{}: {}", report.records, report.records == 1 ? "" : "s",
                  report.packages, report.packages == 1 ? "" : "s",
                  damages == 0 ? "sound" : fmt::format("{} damage{}", damages, damages == 1 ? "" : "s")));
}

void add_check_command(CLI::App& app, Invocation& invocation) {
  auto dock = std::make_shared<std::string>();
  auto options = std::make_shared<dock::CheckOptions>();
  auto unsafe = std::make_shared<bool>(false);
  CLI::App* command = add_command(
      app, invocation, "check", "Try a package as a dock would, or look for damage in a dock and mend it", "",
      [=, &invocation]() -> Result<void> {
        if (is_package(*dock)) {
          if (options->repair || options->packages)
            return fail(ErrorCode::usage, "--packages and --repair are for docks, and this is a package",
                        *dock, "leave them out");
          return check_package({*dock, *unsafe}, invocation);
        }
        if (*unsafe)
          return fail(ErrorCode::usage, "--unsafe-no-sandbox is for packages, and this is none", *dock,
                      "name a zip file, or a folder with learnware.yaml");
        LEARNDOCK_TRY(const dock::CheckReport report,
                      dock::check_dock(*dock, *options, progress_of(invocation.output)));
        print_check(report, *dock, invocation);
        return {};
      });
  command->footer(
      "example:\n  learndock check model.zip\n  learndock check mydock --packages\n  learndock check mydock "
      "--repair\n\n"
      "A package is tried in the sandbox, in the environment that it asks for (docs/verification.md). Exit\n"
      "code 0: it passed; 6: it did not; 7: this machine cannot try it.\n\n"
      "A dock: stop the dock's server first. Without --repair nothing is changed. Exit code 0: sound; 6: "
      "damage\n"
      "was found that is not mended. Packages that no record names, left by interrupted uploads, are\n"
      "reported and are no damage.");
  command->add_option("path", *dock, "A package (zip file or folder), or a dock's directory")->required();
  command->add_flag("--unsafe-no-sandbox", *unsafe,
                    "Run the package's code with your own rights. Only for a package that you trust");
  command->add_flag("--packages", options->packages, "Read every package and compare its SHA-256");
  command->add_flag("--repair", options->repair,
                    "Mend what is safe: records from their packages, packages without a record, the index");
  command->add_option("--threads", options->threads, "Threads; 0: all cores")->check(whole_number(0, 1024));
}

void add_backup_command(CLI::App& app, Invocation& invocation) {
  auto dock = std::make_shared<std::string>(), to = std::make_shared<std::string>();
  auto options = std::make_shared<dock::BackupOptions>();
  CLI::App* command =
      add_command(app, invocation, "backup", "Copy a dock, also beside its running server", "",
                  [=, &invocation]() -> Result<void> {
                    const OutputOptions& output = invocation.output;
                    LEARNDOCK_TRY(dock::BackupReport report,
                                  dock::backup_dock(*dock, *to, *options, progress_of(output)));
                    // Each is a loss that the keeper has to know of, so none is left out.
                    for (std::string& problem : report.problems)
                      note(output, "warning: " + (problem = shortened_sentence(std::move(problem))));
                    if (!report.problems.empty()) invocation.exit_code = kDamageExit;
                    if (output.json)
                      print_json({{"backup", *to},
                                  {"created", report.created},
                                  {"records", report.records},
                                  {"last_sequence", report.last_sequence},
                                  {"version", report.version},
                                  {"packages", report.packages},
                                  {"linked", report.linked},
                                  {"bytes", report.bytes},
                                  {"problems", report.problems}});
                    else
                      print_line(fmt::format(
                          "backed up {} records as of {}: change {}, last number {}; {} packages, {} of them "
                          "by link; the search index is not copied",
                          report.records, report.created, report.version, report.last_sequence,
                          report.packages, report.linked));
                    return {};
                  });
  command->footer(
      "example:\n  learndock backup mydock /backups/mydock-monday\n\n"
      "All that the dock acknowledged before the command started is in the copy. Packages are linked where\n"
      "the copy is on the dock's file system and then take no room; --copy copies their bytes instead.\n"
      "Exit code 6: the copy is complete, but the dock itself has lost or damaged packages or records.");
  command->add_option("dir", *dock, "The dock's directory")->required();
  command->add_option("to", *to, "A new or empty folder")->required();
  command->add_flag("--copy", options->copy, "Copy packages also where they could be linked");
}

void add_restore_command(CLI::App& app, Invocation& invocation) {
  auto from = std::make_shared<std::string>(), dock = std::make_shared<std::string>();
  CLI::App* command =
      add_command(app, invocation, "restore", "Make a dock from a backup",
                  "learndock restore /backups/mydock-monday mydock", [=, &invocation]() -> Result<void> {
                    LEARNDOCK_TRY(const dock::CheckReport report,
                                  dock::restore_dock(*from, *dock, progress_of(invocation.output)));
                    print_check(report, *dock, invocation);
                    return {};
                  });
  command->add_option("from", *from, "A folder that learndock backup has written")->required();
  command->add_option("dir", *dock, "A new or empty folder")->required();
}

/// Parses "7d", "12h", "30m", "45s" or "0".
Result<std::chrono::seconds> duration_of(const std::string& text) {
  const std::string digits = text.substr(0, text.find_first_not_of("0123456789"));
  const std::string unit = text.substr(digits.size());
  const std::int64_t seconds = unit == "d" ? 86'400 : unit == "h" ? 3600 : unit == "m" ? 60 : 1;
  const bool known =
      unit == "d" || unit == "h" || unit == "m" || unit == "s" || (unit.empty() && digits == "0");
  if (digits.empty() || digits.size() > 6 || !known)
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a length of time", text), "--older-than",
                "write 7d, 12h, 30m or 0");
  return std::chrono::seconds(std::stoll(digits) * seconds);
}

struct PurgeArguments {
  std::string dock, older_than;
  bool orphans = false, deleted = false, dry_run = false;
};

Result<void> purge(const PurgeArguments& arguments, const OutputOptions& output) {
  if (arguments.orphans == arguments.deleted)
    return fail(
        ErrorCode::usage, "neither --orphans nor --deleted was given", {},
        "give one: --orphans, packages that no record names; or --deleted, deleted learnwares that are "
        "still kept");
  dock::PurgeOptions options;
  options.dry_run = arguments.dry_run;
  const std::string usual = arguments.orphans ? "7d" : "0";
  LEARNDOCK_TRY(options.older_than, duration_of(arguments.older_than.empty() ? usual : arguments.older_than));
  LEARNDOCK_TRY(const dock::PurgeReport report, arguments.orphans
                                                    ? dock::purge_orphans(arguments.dock, options)
                                                    : dock::purge_deleted(arguments.dock, options));
  if (output.json) {
    print_json({{"dry_run", options.dry_run},
                {"removed", report.removed},
                {"bytes", report.bytes},
                {"kept", report.kept}});
    return {};
  }
  for (const std::string& digest : report.removed) print_line(digest);
  const char* const plural = report.removed.size() == 1 ? "" : "s";
  note(output, fmt::format("{} {} {} of {} bytes; {} younger ones stay",
                           options.dry_run ? "would remove" : "removed", report.removed.size(),
                           arguments.orphans ? fmt::format("package{} that no record names,", plural)
                                             : fmt::format("deleted learnware{} with packages", plural),
                           report.bytes, report.kept));
  return {};
}

void add_purge_command(CLI::App& app, Invocation& invocation) {
  auto arguments = std::make_shared<PurgeArguments>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(
      app, invocation, "purge", "Remove what interrupted uploads left, or what is kept of deleted learnwares",
      "learndock purge mydock --orphans --older-than 7d --dry-run",
      [=, &output] { return purge(*arguments, output); });
  command->add_option("dir", arguments->dock, "The dock's directory")->required();
  command->add_flag("--orphans", arguments->orphans, "Packages that no record names");
  command->add_flag("--deleted", arguments->deleted, "Deleted learnwares that could still be brought back");
  command->add_option(
      "--older-than", arguments->older_than,
      "Least age, by the file's time or that of the deletion: 7d, 12h, 30m or 0; by default 7d for "
      "orphans and 0 for deleted");
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would be removed");
}

}  // namespace

void add_limit_options(CLI::App& command, dock::DockLimits& limits) {
  for (const dock::LimitName& one : dock::limit_names())
    command.add_option(option_name(one), limits.*one.value, one.help)
        ->check(whole_number(0, kLargestLimit))
        ->capture_default_str();
}

void add_upkeep_commands(CLI::App& app, Invocation& invocation) {
  add_limits_command(app, invocation);
  add_check_command(app, invocation);
  add_backup_command(app, invocation);
  add_restore_command(app, invocation);
  add_purge_command(app, invocation);
}

}  // namespace learndock::cli
