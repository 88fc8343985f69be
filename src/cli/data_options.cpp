#include "cli/data_options.hpp"

#include "learndock/compute/registry.hpp"
#include "learndock/sketch/table.hpp"
#include "learndock/specification/codec.hpp"

#include "base/number.hpp"
#include "io/file.hpp"

#include <fmt/format.h>

#include <chrono>

namespace learndock::cli {
namespace {

Result<std::optional<sketch::PrivacyOptions>> parse_privacy(const DataOptions& options) {
  if (!options.dp_epsilon && !options.dp_delta && !options.dp_bound) return std::nullopt;
  if (!options.dp_epsilon || !options.dp_delta)
    return fail(ErrorCode::usage, "--dp-epsilon and --dp-delta belong together", {},
                "give both; delta well below one over the number of rows");
  sketch::PrivacyOptions privacy;
  privacy.epsilon = *options.dp_epsilon;
  privacy.delta = *options.dp_delta;
  if (options.dp_bound) privacy.bound = *options.dp_bound;
  return privacy;
}

Result<void> check_supported(const DataOptions& options) {
  if (options.type != "table")
    return fail(ErrorCode::unsupported,
                fmt::format("specifications of {} data cannot be made by this version", options.type), {},
                "turn the data into a numeric table (for example embeddings) and use --type table");
  return {};
}

/// The options of the reduced set, privacy aside.
void add_reduction_options(CLI::App& command, DataOptions& options) {
  command.add_option("--points", options.points, "Points of the reduced set")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command
      .add_option("--gamma", options.gamma,
                  "Gamma of k(x, y) = exp(-gamma |x - y|^2): a number, or auto (median heuristic)")
      ->capture_default_str();
  command
      .add_option("--scales", options.scales,
                  "Compare at several widths at once: the kernel is the mean of Gaussians of gamma, 4 gamma, "
                  "16 gamma, ...; --method compat knows only 1, and more are compared only with "
                  "specifications of the same gamma and scales")
      ->check(whole_number(1, compute::kMaxScales))
      ->capture_default_str();
  command
      .add_option("--method", options.method,
                  "Method: joint (several times closer to the data) or compat (as the reference makes them)")
      ->check(CLI::IsMember({"compat", "joint"}))
      ->capture_default_str();
  command
      .add_option("--min-cluster", options.min_cluster,
                  "Least number of rows that each point is the nearest of")
      ->check(whole_number(1))
      ->capture_default_str();
}

void add_privacy_options(CLI::App& command, DataOptions& options) {
  command.add_option("--dp-epsilon", options.dp_epsilon,
                     "Differential privacy for one row, see docs/specifications.md; needs --dp-delta");
  command.add_option("--dp-delta", options.dp_delta,
                     "Delta of the privacy, well below one over the number of rows");
  command.add_option("--dp-bound", options.dp_bound,
                     "Points lie in [-B, B]; not to be chosen from the data (default 3, for standard units)");
}

}  // namespace

Result<std::optional<double>> parse_gamma(const std::string& text) {
  if (text == "auto") return std::nullopt;
  const std::optional<double> gamma = positive_number(text);
  if (!gamma)
    return fail(ErrorCode::usage, fmt::format("--gamma is \"{}\"", text), {},
                "give a positive number or auto");
  return gamma;
}

void add_data_options(CLI::App& command, DataOptions& options, bool required) {
  auto* data = command.add_option(
      "--data", options.data,
      "Your data: a CSV (also .gz or .zst), or a 2-D .npy array; learndock data FILE shows it");
  if (required) data->required();
  add_table_flags(command, options.table);
  command.add_option("--type", options.type, "Kind of data")
      ->check(CLI::IsMember({"table", "text", "image"}))
      ->capture_default_str();
  add_reduction_options(command, options);
  add_privacy_options(command, options);
  command.add_option("--seed", options.seed, "Seed of the initial points")
      ->check(whole_number(0))
      ->capture_default_str();
}

Result<SketchedData> sketch(const DataOptions& options, bool measure) {
  LEARNDOCK_CHECK(check_supported(options));
  sketch::ReducerOptions reducer;
  reducer.method = options.method == "joint" ? sketch::ReducerMethod::joint : sketch::ReducerMethod::compat;
  reducer.points = options.points;
  reducer.scales = options.scales;
  reducer.seed = options.seed;
  reducer.min_cluster = options.min_cluster;
  LEARNDOCK_TRY(reducer.privacy, parse_privacy(options));
  LEARNDOCK_TRY(reducer.gamma, parse_gamma(options.gamma));
  if (!measure) reducer.measured_rows = 0;
  LEARNDOCK_TRY(const sketch::TableOptions reading, table_options(options.table));
  LEARNDOCK_TRY(const sketch::TableFile table, sketch::TableFile::open(options.data, reading));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(options.backend));
  const auto start = std::chrono::steady_clock::now();
  auto reduced = sketch::reduce(table.values(), reducer, *backend);
  if (auto intact = table.intact(); !intact) return pass_on(std::move(intact).error(), options.data);
  if (!reduced) return pass_on(std::move(reduced).error(), options.data);
  Warnings warnings = std::move(reduced->warnings);
  warnings.insert(warnings.end(), table.warnings().begin(), table.warnings().end());
  return SketchedData{std::move(*reduced),
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                      table.columns(), std::move(warnings)};
}

Result<specification::RkmeSpecification> read_specification(const std::string& path) {
  LEARNDOCK_TRY(const std::string bytes, io::read_file(path, JsonLimits{}.max_bytes));
  auto spec = specification::from_bytes(bytes);
  if (!spec) return pass_on(std::move(spec).error(), path);
  return spec;
}

}  // namespace learndock::cli
