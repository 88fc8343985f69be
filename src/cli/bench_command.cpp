#include "cli/bench_command.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/reindex/reindex.hpp"
#include "learndock/sketch/table.hpp"

#include "cli/data_options.hpp"
#include "trial/region_sets.hpp"
#include "trial/search_trial.hpp"

#include <fmt/format.h>

namespace learndock::cli {
namespace {

struct BenchArguments {
  std::string gamma = "auto", codes{compute::code_type_name(engine::kCodes)}, prefilter = "auto",
              market = "clustered", specs, data, label, file;
  std::size_t points = 20, dimension = 20, tasks = 2000;
  std::uint64_t seed = 1, budget_ms = 0;
  trial::TrialOptions trial;
};

Result<trial::MarketKind> kind_of(const std::string& name) {
  if (name == "clustered") return trial::MarketKind::clustered;
  if (name == "near-duplicates") return trial::MarketKind::near_duplicates;
  if (name == "equal-distances") return trial::MarketKind::equal_distances;
  return fail(ErrorCode::usage, fmt::format("there is no market \"{}\"", name), "--market",
              "choose clustered, near-duplicates or equal-distances");
}

Result<std::unique_ptr<trial::TrialSets>> sets_of(const BenchArguments& arguments) {
  LEARNDOCK_TRY(const std::optional<double> gamma, parse_gamma(arguments.gamma));
  if (!arguments.specs.empty()) return trial::listed_sets(arguments.specs);
  if (!arguments.data.empty()) {
    sketch::TableOptions reading;
    reading.label_column = arguments.label;
    LEARNDOCK_TRY(const sketch::Table table, sketch::read_table(arguments.data, reading));
    LEARNDOCK_TRY(const auto backend, compute::open_backend("cpu", 1));
    return trial::region_sets(table.values.view(), {arguments.points, gamma, arguments.seed}, backend);
  }
  trial::SyntheticOptions synthetic;
  LEARNDOCK_TRY(synthetic.kind, kind_of(arguments.market));
  synthetic.tasks = arguments.tasks;
  synthetic.dimension = arguments.dimension;
  synthetic.points = arguments.points;
  synthetic.gamma = gamma.value_or(0);
  synthetic.seed = arguments.seed;
  return trial::synthetic_sets(synthetic);
}

Json json_of(const trial::Quantiles& values) {
  return {{"median", values.median}, {"p95", values.p95}, {"p99", values.p99}, {"max", values.max}};
}

Json json_of(const trial::TrialMixtures& mixtures) {
  return {{"count", mixtures.count},
          {"milliseconds", json_of(mixtures.milliseconds)},
          {"members", json_of(mixtures.members)},
          {"evaluated", json_of(mixtures.evaluated)},
          {"mmd_squared", json_of(mixtures.mmd_squared)},
          {"gap_of_query", json_of(mixtures.gap_of_query)},
          {"gap_of_mixture", json_of(mixtures.gap_of_mixture)},
          {"within_one_percent_of_query", mixtures.within_one_percent_of_query}};
}

Json json_of(const trial::TrialSize& size) {
  return {{"codes", size.codes},
          {"factors", size.factors},
          {"tables", size.tables},
          {"reduced_sets", size.reduced_sets}};
}

Json json_of(const trial::TrialReport& report) {
  Json json = {{"learnwares", report.learnwares},
               {"dimension", report.dimension},
               {"gamma", report.gamma},
               {"landmarks", report.landmarks},
               {"coordinates", report.coordinates},
               {"prefilter", report.prefilter},
               {"backend", report.backend},
               {"threads", report.threads},
               {"queries", report.queries},
               {"top", report.top},
               {"build", nullptr},
               {"bytes_per_learnware", json_of(report.size)},
               {"space_bytes", report.size.space_bytes},
               {"open_seconds", report.open_seconds},
               {"bounds_checked", report.bounds_checked},
               {"mean_kernel", report.mean_kernel},
               {"residual_share", report.residual_share},
               {"certified_share", report.certified_share},
               {"evaluated", json_of(report.evaluated)},
               {"left", json_of(report.left)},
               {"milliseconds", json_of(report.milliseconds)},
               {"batched_per_second", report.batched_per_second},
               {"last_mmd_squared", json_of(report.last_mmd_squared)},
               {"compared", report.compared},
               {"equal_share", report.equal_share},
               {"brute_milliseconds", report.brute_milliseconds},
               {"mixtures", nullptr},
               {"peak_resident_bytes", report.peak_resident_bytes}};
  if (report.build)
    json["build"] = {{"fit_seconds", report.build->fit_seconds},
                     {"add_seconds", report.build->add_seconds},
                     {"learnwares_per_second", report.build->rate},
                     {"peak_resident_bytes", report.build->peak_resident_bytes}};
  if (report.mixtures) json["mixtures"] = json_of(*report.mixtures);
  return json;
}

std::vector<std::string> row(const std::string& name, const trial::Quantiles& values, int digits) {
  const auto text = [&](double value) { return fmt::format("{:.{}f}", value, digits); };
  return {name, text(values.median), text(values.p95), text(values.p99), text(values.max)};
}

void print_market(const trial::TrialReport& report) {
  const trial::TrialSize& size = report.size;
  print_line(fmt::format(
      "{} learnwares of dimension {}, gamma {:.4g}: mean kernel {:.3g}, residual share {:.3g}",
      report.learnwares, report.dimension, report.gamma, report.mean_kernel, report.residual_share));
  if (report.build)
    print_line(fmt::format("built in {:.2f} s ({:.0f} learnwares a second), at most {:.0f} MiB resident",
                           report.build->fit_seconds + report.build->add_seconds, report.build->rate,
                           report.build->peak_resident_bytes / 1048576));
  print_line(
      fmt::format("{:.0f} bytes a learnware (codes {:.0f}, factors {:.0f}, tables {:.0f}), reduced sets "
                  "{:.0f}; opened and answered in {:.3f} s; {} bounds checked",
                  size.codes + size.factors + size.tables, size.codes, size.factors, size.tables,
                  size.reduced_sets, report.open_seconds, report.bounds_checked));
}

void print_text(const trial::TrialReport& report) {
  print_market(report);
  print_line(
      fmt::format("{}: {:.2f} % of {} answers proved, {:.0f} a second in a batch; {:.0f} % of {} equal to "
                  "brute force ({:.1f} ms each); at most {:.0f} MiB resident",
                  report.prefilter, 100 * report.certified_share, report.queries, report.batched_per_second,
                  100 * report.equal_share, report.compared, report.brute_milliseconds,
                  report.peak_resident_bytes / 1048576));
  Rows rows = {{"of a query", "median", "p95", "p99", "max"},
               row("milliseconds", report.milliseconds, 3),
               row("exact evaluations", report.evaluated, 0),
               row("candidates left", report.left, 0),
               row("last MMD^2", report.last_mmd_squared, 6)};
  if (report.mixtures) {
    rows.push_back(row("mixture, milliseconds", report.mixtures->milliseconds, 3));
    rows.push_back(row("mixture, gap / <u,u>", report.mixtures->gap_of_query, 6));
    rows.push_back(row("mixture, MMD^2", report.mixtures->mmd_squared, 6));
  }
  print_table(rows);
}

Result<void> run(const BenchArguments& given, const OutputOptions& output) {
  if (!given.specs.empty() && !given.data.empty())
    return fail(ErrorCode::usage, "--specs and --data both name the learnwares", {}, "give one of them");
  trial::TrialOptions trial = given.trial;
  LEARNDOCK_TRY(trial.codes, reindex::code_type_of(given.codes));
  if (given.prefilter != "auto") {
    LEARNDOCK_TRY(trial.prefilter, engine::prefilter_kind(given.prefilter));
  }
  trial.budget = std::chrono::milliseconds(given.budget_ms);
  trial.file = given.file;
  LEARNDOCK_TRY(const std::unique_ptr<trial::TrialSets> sets, sets_of(given));
  LEARNDOCK_TRY(const trial::TrialReport report,
                trial::run_search_trial(*sets, trial,
                                        [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
                                          show_progress(output, std::string(stage), done, total);
                                        }));
  if (output.json)
    print_json(json_of(report));
  else
    print_text(report);
  return {};
}

void add_market_options(CLI::App& command, BenchArguments& arguments) {
  command.add_option("--n", arguments.trial.learnwares, "Learnwares in the market")
      ->check(whole_number(1, 100'000'000))
      ->capture_default_str();
  command
      .add_option("--market", arguments.market,
                  "Kind of market: clustered, near-duplicates or equal-distances")
      ->capture_default_str();
  command.add_option("--dimension", arguments.dimension, "Dimension of the points")
      ->check(whole_number(1, 65536))
      ->capture_default_str();
  command.add_option("--points", arguments.points, "Points of each reduced set")
      ->check(whole_number(1, 16384))
      ->capture_default_str();
  command.add_option("--gamma", arguments.gamma, "Gamma of the kernel; auto: 1 / median squared distance")
      ->capture_default_str();
  command.add_option("--tasks", arguments.tasks, "Distinct tasks, of which the learnwares are copies")
      ->check(whole_number(1, 10'000'000))
      ->capture_default_str();
  command.add_option("--data", arguments.data,
                     "Make the learnwares from local regions of this table (CSV or .npy)");
  command.add_option("--label", arguments.label, "The table's column to leave out");
  command.add_option("--specs", arguments.specs,
                     "Take the learnwares from this file, one specification a line");
  command.add_option("--seed", arguments.seed, "Seed of the market")
      ->check(whole_number(0))
      ->capture_default_str();
}

void add_mixture_options(CLI::App& command, trial::TrialOptions& trial) {
  command
      .add_option("--mixture", trial.mixture_members,
                  "Most members of a mixture; 0: no mixtures are searched")
      ->check(whole_number(0, 100))
      ->capture_default_str();
  command
      .add_option("--mixture-gap", trial.mixture_gap,
                  "Search no further member once the gap is this share of <u, u>")
      ->capture_default_str();
  command
      .add_option("--mixture-proof", trial.mixture_proof,
                  "Most members of the larger mixture that is made for the proof alone")
      ->check(whole_number(0, 1000))
      ->capture_default_str();
  command.add_flag("!--mixture-by-bounds", trial.mixture_products,
                   "Search mixtures by the index's bounds alone, without products with all learnwares");
}

/// The options of a segment that is made.
void add_segment_options(CLI::App& command, BenchArguments& arguments) {
  trial::TrialOptions& trial = arguments.trial;
  command.add_option("--codes", arguments.codes, "Bits of each coordinate: int4, int8, fp16 or fp32")
      ->capture_default_str();
  command
      .add_option("--prefilter", arguments.prefilter,
                  "Prefilter of a segment that is made: auto, cells, code_scan, exact_scan, faiss_flat or "
                  "hnsw (approximate)")
      ->capture_default_str();
  command.add_option("--cell", trial.items_per_cell, "Learnwares in each cell, about")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--landmarks", trial.subspace.landmarks, "Points that span the subspace")
      ->check(whole_number(1, 8192))
      ->capture_default_str();
  command
      .add_option("--coordinates", trial.subspace.coordinates,
                  "Coordinates of each embedding; 0: chosen by the number of learnwares")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
}

void add_search_options(CLI::App& command, BenchArguments& arguments) {
  trial::TrialOptions& trial = arguments.trial;
  command.add_option("--queries", trial.queries, "Number of queries, drawn separately from the learnwares")
      ->check(whole_number(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--top", trial.top, "Hits of each query")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  command.add_option("--compared", trial.compared, "Queries that are also answered by brute force")
      ->check(whole_number(0))
      ->capture_default_str();
  command.add_option("--repeats", trial.repeats, "Passes over the queries; the quickest one counts")
      ->check(whole_number(1, 1000))
      ->capture_default_str();
  add_mixture_options(command, trial);
  command
      .add_option("--budget-ms", arguments.budget_ms,
                  "Time budget of each query asked by itself, in ms; 0: no budget, every answer is proved")
      ->check(whole_number(0, 3'600'000))
      ->capture_default_str();
  add_segment_options(command, arguments);
  command
      .add_option("--backend", trial.backend,
                  "Backend for bounds and mixtures' products: cpu, cpu_reference or cuda")
      ->capture_default_str();
  command.add_option("--threads", trial.threads, "Threads; 0: all cores")
      ->check(whole_number(0, 1024))
      ->capture_default_str();
  command.add_option("--file", arguments.file,
                     "Segment to search again; it is made when it is not there, and kept");
}

}  // namespace

void add_bench_command(CLI::App& app, Invocation& invocation) {
  CLI::App* const group = app.add_subcommand("bench", "Measure the search on markets made on this machine");
  group->footer("example:\n  learndock bench search --n 100000");
  group->require_subcommand(1);
  const OutputOptions& output = invocation.output;
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App* const command = add_command(
      *group, invocation, "search", "Build a market, search it, and compare the answers with brute force",
      "learndock bench search --n 100000 --json", [=, &output] { return run(*arguments, output); });
  add_market_options(*command, *arguments);
  add_search_options(*command, *arguments);
}

}  // namespace learndock::cli
