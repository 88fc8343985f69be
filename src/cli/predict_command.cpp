// The command `predict`: one learnware answers each row of a table. Its code runs in the sandbox.
#include "cli/predict_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/client/client.hpp"
#include "learndock/dock/dock.hpp"
#include "learndock/package/package.hpp"
#include "learndock/sketch/table_blocks.hpp"

#include "cli/package_commands.hpp"
#include "cli/table_flags.hpp"
#include "cli/terminal/stop_token.hpp"
#include "io/digest.hpp"
#include "io/disk.hpp"
#include "io/file_rights.hpp"
#include "package/unpack.hpp"
#include "query/column_names.hpp"
#include "runtime/predict_table.hpp"
#include "verify/host.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <unistd.h>
#include <utility>

namespace learndock::cli {
namespace {

namespace fs = std::filesystem;

struct PredictArguments {
  DockChoice dock;
  std::string id, package, data, out;
  TableFlags table;
  bool by_position = false, unsafe = false;
};

/// A folder for the unpacked package, which goes at the end. A check removes those of killed processes.
class Scratch {
 public:
  explicit Scratch(const fs::path& parent) : path_(parent / fmt::format("check-{}-0", ::getpid())) {}
  ~Scratch() { io::disk::remove_tree(path_); }  // what stays is in a folder for temporary files
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] Result<void> make() const { return io::create_private_folder(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The package of a learnware, checked against its SHA-256; one of a server is fetched into `scratch`.
Result<fs::path> package_of(const PredictArguments& arguments, const fs::path& scratch) {
  if (!arguments.package.empty()) return fs::path(arguments.package);
  LEARNDOCK_CHECK(check(arguments.dock));
  LEARNDOCK_TRY(const LearnwareId id, LearnwareId::create(arguments.id));
  if (!arguments.dock.server.empty()) {
    LEARNDOCK_TRY(const client::Client client,
                  client::Client::create(arguments.dock.server, {.token = arguments.dock.token}));
    fs::path fetched = scratch / "fetched.zip";
    LEARNDOCK_CHECK(client.download(id, fetched));
    return fetched;
  }
  LEARNDOCK_TRY(const auto opened, open_to_read(arguments.dock));
  LEARNDOCK_TRY(const catalog::LearnwareRecord record, opened->find(id));
  LEARNDOCK_TRY(fs::path stored, opened->package_path(id));
  LEARNDOCK_TRY(const std::string sha256, io::digest_of_file(stored));
  if (sha256 == record.package_digest) return stored;
  return fail(ErrorCode::digest_mismatch,
              fmt::format("the package of learnware {} has SHA-256 {}, its record says {}", id.text(), sha256,
                          record.package_digest),
              stored.string(), "the dock's copy is damaged: push the package again");
}

Result<verify::Unpacked> unpack(const PredictArguments& arguments, const fs::path& scratch) {
  LEARNDOCK_TRY(const fs::path given, package_of(arguments, scratch));
  verify::Unpacked unpacked;
  unpacked.name = arguments.package.empty() ? arguments.id : arguments.package;
  unpacked.folder = scratch / "package";
  const fs::path canonical = scratch / "canonical.zip";
  LEARNDOCK_TRY(unpacked.contents, package::read_package(given, canonical));
  LEARNDOCK_CHECK(package::unpack_package(canonical, unpacked.folder));
  return unpacked;
}

/// Where the header and the learnware both have names, each column goes to the input of its name.
Result<void> match_columns(const package::Package& package, const PredictArguments& arguments,
                           sketch::TableOptions& options, const OutputOptions& output) {
  if (!package.semantic || !package.semantic->input || arguments.by_position || !options.columns.empty())
    return {};
  LEARNDOCK_TRY(const sketch::TableBlocks table, sketch::TableBlocks::open(arguments.data, options));
  const query::ColumnNames names(table.columns());
  if (!names.usable()) return {};
  const query::ColumnComparison compared = names.compare(*package.semantic->input);
  if (compared.match == query::ColumnMatch::other)
    return fail(ErrorCode::table_column,
                fmt::format("the learnware reads \"{}\"{}, and the table has no such column",
                            compared.missing.front(),
                            compared.missing.size() == 1
                                ? ""
                                : fmt::format(" and {} other inputs", compared.missing.size() - 1)),
                arguments.data, "rename the columns, or take them as they stand: --by-position");
  if (compared.match != query::ColumnMatch::reordered) return {};
  for (const std::size_t column : compared.order) options.columns.push_back(table.columns()[column]);
  note(output, "the columns are put into the learnware's order, by their names");
  return {};
}

void print_predicted(const runtime::Predicted& predicted, double seconds, const PredictArguments& arguments,
                     const OutputOptions& output) {
  const auto warnings = warn(output, messages_of(predicted.warnings));
  if (output.json)
    print_json({{"rows", predicted.rows},
                {"seconds", seconds},
                {"answer_shape", predicted.answer_shape},
                {"runtime", predicted.runtime},
                {"out", arguments.out},
                {"warnings", warnings}});
  else
    print_line(fmt::format("{} rows answered in {:.3g} s, in {}", predicted.rows, seconds, arguments.out));
}

Result<void> predict(const PredictArguments& arguments, const OutputOptions& output) {
  if (arguments.id.empty() == arguments.package.empty())
    return fail(ErrorCode::usage, "say which learnware answers", {}, "give either --id or --package");
  LEARNDOCK_TRY(sketch::TableOptions table, table_options(arguments.table));
  table.source = arguments.data;
  LEARNDOCK_TRY(const verify::HostOptions host, host_options(arguments.unsafe, output));
  LEARNDOCK_TRY(const std::stop_token stop, stop_at_signal());
  const verify::Surroundings surroundings = verify::host_surroundings(host);
  const Scratch scratch(surroundings.scratch);
  LEARNDOCK_CHECK(scratch.make());
  LEARNDOCK_TRY(const verify::Unpacked unpacked, unpack(arguments, scratch.path()));
  LEARNDOCK_CHECK(match_columns(unpacked.contents, arguments, table, output));
  LEARNDOCK_TRY(const verify::Prepared prepared, surroundings.prepare(unpacked, stop));
  for (const std::string& one : prepared.notes) note(output, one);
  LEARNDOCK_TRY(const auto runner, surroundings.runner(unpacked, prepared, stop));
  runtime::PredictOptions options;
  options.table = std::move(table);
  options.stop = stop;
  options.progress = [&](const runtime::PredictProgress& now) {
    show_progress(output, "answering", static_cast<std::uint64_t>(1000 * now.done), 1000);
  };
  const auto start = std::chrono::steady_clock::now();
  LEARNDOCK_TRY(const runtime::Predicted predicted,
                runtime::predict_table(*runner, arguments.data, arguments.out, options));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  print_predicted(predicted, took.count(), arguments, output);
  return {};
}

}  // namespace

void add_predict_command(CLI::App& app, Invocation& invocation) {
  auto arguments = std::make_shared<PredictArguments>();
  const OutputOptions& output = invocation.output;
  CLI::App* command = add_command(
      app, invocation, "predict", "Have a learnware answer each row of a table; its code runs in the sandbox",
      "learndock predict --dock mydock --id 00000001 --data my.csv --label class "
      "--out answers.csv\n  learndock predict --package p.zip --data my.npy --out "
      "answers.npy",
      [=, &output] { return predict(*arguments, output); });
  add_dock_choice(*command, arguments->dock);
  command->add_option("--id", arguments->id, "The learnware's id");
  command->add_option("--package", arguments->package, "A package's file or folder, instead of --id");
  command->add_option("--data", arguments->data, "A table: CSV, or a .npy array")->required();
  command
      ->add_option("--out", arguments->out,
                   "The file for the answers: an array if its name ends in .npy, else a CSV")
      ->required();
  add_table_flags(*command, arguments->table);
  command->add_flag("--by-position", arguments->by_position,
                    "Take the columns as they stand, whatever their names");
  command->add_flag("--unsafe-no-sandbox", arguments->unsafe,
                    "Run the package's code with your own rights, for a package that you trust");
}

}  // namespace learndock::cli
