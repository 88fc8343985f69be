#include "cli/reindex_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/reindex/reindex.hpp"

#include "base/number.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>

namespace learndock::cli {
namespace {

constexpr const char* kFooter =
    "example:\n  learndock reindex --dock mydock\n  learndock reindex --dock mydock --gamma auto\n\n"
    "Killed at any point, it leaves the current index as it was, and the next run goes on where it\n"
    "stopped. With many processes on one file system: --plan once, then --shard 0/n ... --shard n-1/n\n"
    "in parallel (for instance a Slurm array), then --merge.\n\n"
    "--gamma chooses the kernel that searches compare under, and puts learnwares of several gammas into\n"
    "one space. The learnwares' specifications stay as they are, and --scores compat keeps their gammas.\n"
    "--rollback also brings the earlier kernels back. --shard and --merge take the gamma of the plan.";

struct ReindexArguments {
  std::string dock, codes{compute::code_type_name(engine::kCodes)}, prefilter = "auto", shard, gamma, backend;
  bool plan = false, merge = false, rollback = false;
  reindex::ReindexOptions options;
};

/// Parses "2/8", the third of eight shards.
Result<reindex::Shard> shard_of(const std::string& text) {
  const auto slash = text.find('/');
  const auto number = [](const std::string& digits) -> std::optional<std::size_t> {
    return digits.size() > 6 ? std::nullopt : learndock::whole_number<std::size_t>(digits);
  };
  const auto index = number(text.substr(0, slash));
  const auto count = slash == std::string::npos ? std::nullopt : number(text.substr(slash + 1));
  if (!index || !count || *count == 0 || *index >= *count)
    return fail(ErrorCode::usage, fmt::format("\"{}\" is not a shard", text), "--shard",
                "write i/n with 0 <= i < n, for instance 0/4");
  return reindex::Shard{*index, *count};
}

/// Shows progress with the rate so far and the time left at this rate.
class Meter {
 public:
  explicit Meter(const OutputOptions& output) : output_(output) {}
  void operator()(std::string_view stage, std::uint64_t done, std::uint64_t total) {
    if (stage != stage_) {
      stage_ = stage;
      start_ = std::chrono::steady_clock::now();
      first_ = done;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double rate = seconds > 0 ? static_cast<double>(done - first_) / seconds : 0;
    std::string what(stage);
    if (rate > 0 && done < total)
      what += fmt::format(" ({:.0f}/s, {:.0f} s left)", rate, static_cast<double>(total - done) / rate);
    show_progress(output_, what, done, total);
  }

 private:
  const OutputOptions& output_;
  std::string stage_;
  std::chrono::steady_clock::time_point start_;
  std::uint64_t first_ = 0;
};

std::string line_of(const reindex::KernelChange& kernel) {
  return fmt::format("kernel of {} learnware{}, {} of dimension {}{}, made with gamma {}: gamma {} -> {}",
                     kernel.learnwares, kernel.learnwares == 1 ? "" : "s", kernel.type, kernel.dimension,
                     kernel.scales == 1 ? std::string() : fmt::format(", {} scales", kernel.scales),
                     kernel.specified, kernel.from, kernel.to);
}

void print_report(const reindex::ReindexReport& report, const OutputOptions& output) {
  const std::vector<std::string> warnings = warn(output, report.warnings);
  Json kernels = Json::array();
  for (const reindex::KernelChange& kernel : report.kernels) kernels.push_back(reindex::to_json(kernel));
  if (output.json)
    print_json({{"index_version", report.index_version},
                {"learnwares", report.learnwares},
                {"spaces", report.spaces},
                {"segments", report.segments},
                {"resumed", report.resumed},
                {"checked", {{"bounds", report.bounds_checked}, {"searches", report.searches_checked}}},
                {"kernels", std::move(kernels)},
                {"warnings", warnings}});
  if (output.json) return;
  print_line(
      fmt::format("index version {}: {} learnwares of {} spaces in {} segments; checked {} bounds "
                  "and {} searches against exact distances",
                  report.index_version, report.learnwares, report.spaces, report.segments,
                  report.bounds_checked, report.searches_checked));
  for (const reindex::KernelChange& kernel : report.kernels) print_line(line_of(kernel));
}

/// The options from what was typed.
Result<void> read_choices(ReindexArguments& arguments) {
  if (arguments.plan + arguments.merge + arguments.rollback + !arguments.shard.empty() > 1)
    return fail(ErrorCode::usage, "--plan, --shard, --merge and --rollback are separate steps", {},
                "give one of them, or none to do all");
  if (!arguments.gamma.empty()) {
    if (arguments.rollback)
      return fail(ErrorCode::usage, "--rollback brings back the earlier index with its kernels", "--gamma",
                  "leave out --gamma");
    LEARNDOCK_TRY(arguments.options.gamma, reindex::gamma_choice_of(arguments.gamma));
  }
  LEARNDOCK_TRY(arguments.options.codes, reindex::code_type_of(arguments.codes));
  if (arguments.prefilter != "auto") {
    LEARNDOCK_TRY(arguments.options.prefilter, engine::prefilter_kind(arguments.prefilter));
  }
  return {};
}

Result<void> roll_back(const std::string& dock, const OutputOptions& output) {
  LEARNDOCK_TRY(const std::uint64_t version, reindex::rollback_index(dock));
  if (output.json)
    print_json({{"index_version", version}});
  else
    print_line(fmt::format("the index before the last re-indexing or merge is current again, as version {}",
                           version));
  return {};
}

Result<void> run(ReindexArguments arguments, const OutputOptions& output) {
  LEARNDOCK_CHECK(read_choices(arguments));
  if (arguments.rollback) return roll_back(arguments.dock, output);  // computes nothing
  LEARNDOCK_TRY(arguments.options.backend,
                compute::open_backend(arguments.backend, arguments.options.threads));
  Meter meter(output);
  const auto progress = [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
    meter(stage, done, total);
  };
  if (arguments.plan) {
    LEARNDOCK_TRY(const std::size_t pieces,
                  reindex::plan_reindex(arguments.dock, arguments.options, progress));
    if (output.json)
      print_json({{"pieces", pieces}});
    else
      print_line(fmt::format("planned {} piece{}", pieces, pieces == 1 ? "" : "s"));
  } else if (!arguments.shard.empty()) {
    LEARNDOCK_TRY(const reindex::Shard shard, shard_of(arguments.shard));
    LEARNDOCK_TRY(const std::size_t resumed,
                  reindex::build_shard(arguments.dock, shard, arguments.options, progress));
    if (output.json)
      print_json({{"resumed", resumed}});
    else
      print_line(fmt::format("built; {} pieces were already there", resumed));
  } else {
    LEARNDOCK_TRY(const reindex::ReindexReport report,
                  arguments.merge ? reindex::merge_shards(arguments.dock, arguments.options, progress)
                                  : reindex::reindex(arguments.dock, arguments.options, progress));
    print_report(report, output);
  }
  return {};
}

/// The steps of a re-index, for those who run them one by one.
void add_steps(CLI::App& command, ReindexArguments& arguments) {
  command.add_flag("--plan", arguments.plan, "Only read the catalogue and fit the subspaces");
  command.add_option("--shard", arguments.shard, "Only build the pieces of one shard: i/n");
  command.add_flag("--merge", arguments.merge, "Only check the pieces and make them the current index");
  command.add_flag("--rollback", arguments.rollback, "Make the index before its last change current again");
}

void add_index_options(CLI::App& command, ReindexArguments& arguments) {
  command.add_option("--codes", arguments.codes, "Bits of each coordinate: int4, int8, fp16 or fp32")
      ->capture_default_str();
  command
      .add_option("--prefilter", arguments.prefilter,
                  "Prefilter: auto, cells, code_scan, exact_scan, faiss_flat or hnsw (approximate)")
      ->capture_default_str();
  command.add_option("--gamma", arguments.gamma,
                     "Gamma that searches compare under: auto (the median heuristic, one gamma for all "
                     "learnwares of one type, dimension and "
                     "number of scales), a number (for all), or own (what each was made with); not given: "
                     "as in the current index");
  command.add_option("--landmarks", arguments.options.landmarks, "Points that span the subspace")
      ->check(whole_number(1, 8192))
      ->capture_default_str();
  command
      .add_option("--coordinates", arguments.options.coordinates,
                  "Coordinates of each embedding; 0: chosen by the number of a space's learnwares")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  command
      .add_option("--smallest-space", arguments.options.smallest_space,
                  "Spaces of fewer learnwares get no index; all of them are compared")
      ->check(whole_number(1))
      ->capture_default_str();
}

}  // namespace

void add_reindex_command(CLI::App& app, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto arguments = std::make_shared<ReindexArguments>();
  CLI::App* command =
      add_command(app, invocation, "reindex", "Rebuild the search index from the catalogue",
                  "learndock reindex --dock mydock", [=, &output] { return run(*arguments, output); });
  command->footer(kFooter);
  command->add_option("--dock", arguments->dock, "The dock's directory")->required();
  add_steps(*command, *arguments);
  add_index_options(*command, *arguments);
  command->add_option("--piece", arguments->options.range_records, "Records of one piece of work")
      ->check(whole_number(1))
      ->capture_default_str();
  command->add_option("--backend", arguments->backend, "Compute backend: cpu, cpu_reference or cuda");
  command->add_option("--threads", arguments->options.threads, "Threads; 0: all cores")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
}

}  // namespace learndock::cli
