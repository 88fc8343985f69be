#include "learndock/compute/registry.hpp"
#include "learndock/sketch/table.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/number.hpp"
#include "cli/data_options.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <filesystem>

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

Json privacy_json(const std::optional<sketch::PrivacyGuarantee>& privacy) {
  if (!privacy) return nullptr;
  return {{"mechanism", "Gaussian noise on the mean of random Fourier features"},
          {"neighbours", "data sets that differ in one row; the number of rows is public"},
          {"epsilon", privacy->epsilon},
          {"delta", privacy->delta},
          {"sensitivity", privacy->sensitivity},
          {"sigma", privacy->sigma},
          {"features", privacy->features},
          {"bound", privacy->bound}};
}

Result<void> check_supported(const DataOptions& options) {
  if (options.type != "table")
    return fail(ErrorCode::unsupported,
                fmt::format("specifications of {} data cannot be made by this version", options.type), {},
                "turn the data into a numeric table (for example embeddings) and use --type table");
  return {};
}

/// Checks the output path before the work is done.
Result<void> check_folder_of(const std::filesystem::path& out) {
  const std::filesystem::path folder = out.parent_path();
  std::error_code ignored;  // what cannot be looked at is reported when it is written to
  if (folder.empty() || std::filesystem::exists(folder, ignored)) return {};
  return fail(ErrorCode::not_found, fmt::format("there is no folder {}", folder.string()), out.string(),
              fmt::format("make the folder first: mkdir -p {}", folder.string()));
}

Result<void> make(const DataOptions& options, const std::string& out, bool binary,
                  const OutputOptions& output) {
  LEARNDOCK_CHECK(check_folder_of(out));
  LEARNDOCK_TRY(const SketchedData sketched, sketch(options, true));
  const specification::RkmeSpecification& spec = sketched.reduced.spec;
  const std::optional<double> mmd = sketched.reduced.mmd_squared_to_data;
  LEARNDOCK_CHECK(
      io::write_user_file(out, binary ? specification::to_binary(spec) : specification::to_json_text(spec)));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(options.backend));
  LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(spec, *backend));
  Json warnings = sketched.reduced.warnings;
  if (mean < specification::kKernelBlindThreshold)
    warnings.push_back(fmt::format(
        "kernel blind: the reduced points have a mean kernel value of {:.2g} at gamma {}; scale the "
        "features or use --gamma auto",
        mean, spec.gamma));
  for (const Json& warning : warnings) note(output, "warning: " + warning.get<std::string>());
  if (output.json)
    print_json({{"points", spec.points.rows()},
                {"dimension", spec.dimension()},
                {"gamma", spec.gamma},
                {"scales", spec.scales},
                {"num_points", spec.num_points},
                {"method", sketched.reduced.privacy ? "private" : options.method},
                {"mmd_to_data", mmd ? Json(*mmd) : Json()},
                {"mmd_exact", sketched.reduced.mmd_exact},
                {"kkt_residual", sketched.reduced.kkt_residual},
                {"privacy", privacy_json(sketched.reduced.privacy)},
                {"seconds", sketched.seconds},
                {"out", out},
                {"warnings", warnings}});
  else
    print_table(
        {{"points", "dimension", "gamma", "mmd_to_data", "seconds", "out"},
         {std::to_string(spec.points.rows()), std::to_string(spec.dimension()), fmt::format("{}", spec.gamma),
          mmd ? fmt::format("{:.6g}", *mmd) : "-", fmt::format("{:.3f}", sketched.seconds), out}});
  return {};
}

Result<void> info(const std::string& path, const std::string& backend_name, const OutputOptions& output) {
  LEARNDOCK_TRY(const specification::RkmeSpecification spec, read_specification(path));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(backend_name));
  Json json = {{"type", specification::type_name(spec.type)},
               {"points", spec.points.rows()},
               {"dimension", spec.dimension()},
               {"shape", spec.trailing_shape},
               {"gamma", spec.gamma},
               {"scales", spec.scales},
               {"num_points", spec.num_points},
               {"self_inner", nullptr},
               {"mean_off_diagonal_kernel", nullptr},
               {"warnings", Json::array()}};
  if (spec.type == specification::StatisticalType::rkme_text) json["language"] = spec.languages;
  if (spec.gaussian()) {
    const auto view = spec.view();
    double self = 0;
    LEARNDOCK_CHECK(backend->self_inner_products({&view, 1}, {&self, 1}));
    LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(spec, *backend));
    json["self_inner"] = self;
    json["mean_off_diagonal_kernel"] = mean;
    if (mean < specification::kKernelBlindThreshold)
      json["warnings"].push_back(
          "kernel blind: the points look unrelated at this gamma; distances mostly reflect weight "
          "concentration");
  } else {
    json["warnings"].push_back(
        "image specifications compare by a convolutional kernel, which is not built in");
  }
  if (output.json) {
    print_json(json);
    return {};
  }
  Rows rows = {{"key", "value"}};
  for (const auto& [key, value] : json.items())
    rows.push_back({key, value.is_string() ? value.get<std::string>() : to_text(value)});
  print_table(rows);
  return {};
}

Result<void> print_distance(const std::string& a_path, const std::string& b_path,
                            const std::string& backend_name, const OutputOptions& output) {
  LEARNDOCK_TRY(const specification::RkmeSpecification a, read_specification(a_path));
  LEARNDOCK_TRY(const specification::RkmeSpecification b, read_specification(b_path));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(backend_name));
  LEARNDOCK_TRY(const specification::Distance distance, specification::distance(a, b, *backend));
  if (output.json)
    print_json({{"inner", distance.inner},
                {"self_a", distance.self_a},
                {"self_b", distance.self_b},
                {"mmd_squared", distance.mmd_squared}});
  else
    print_table({{"inner", "self_a", "self_b", "mmd_squared"},
                 {fmt::format("{}", distance.inner), fmt::format("{}", distance.self_a),
                  fmt::format("{}", distance.self_b), fmt::format("{}", distance.mmd_squared)}});
  return {};
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
  auto* data =
      command.add_option("--data", options.data, "Your data: a CSV with a header line, or a 2-D .npy array");
  if (required) data->required();
  command.add_option("--label", options.label, "A column to leave out of the features");
  command.add_option("--type", options.type, "Kind of data")
      ->check(CLI::IsMember({"table", "text", "image"}))
      ->capture_default_str();
  command.add_option("--points", options.points, "Points of the reduced set")
      ->check(whole_number(1, 4096))
      ->capture_default_str();
  command
      .add_option("--gamma", options.gamma,
                  "Gamma of k(x, y) = exp(-gamma |x - y|^2): a number, or auto (median heuristic)")
      ->capture_default_str();
  command
      .add_option(
          "--scales", options.scales,
          "Compare at several widths at once: the kernel is the mean of Gaussians of gamma, 4 gamma, "
          "16 gamma, ...; more than 1 needs --method joint or --dp-epsilon, and is compared only with "
          "specifications of the same gamma and scales")
      ->check(whole_number(1, compute::kMaxScales))
      ->capture_default_str();
  command
      .add_option("--method", options.method,
                  "Method: compat (as the reference makes them) or joint (several times closer to the data)")
      ->check(CLI::IsMember({"compat", "joint"}))
      ->capture_default_str();
  command
      .add_option("--min-cluster", options.min_cluster,
                  "Least number of rows that each point is the nearest of")
      ->check(whole_number(1))
      ->capture_default_str();
  command.add_option("--dp-epsilon", options.dp_epsilon,
                     "Differential privacy for one row, see docs/specifications.md; needs --dp-delta");
  command.add_option("--dp-delta", options.dp_delta,
                     "Delta of the privacy, well below one over the number of rows");
  command.add_option("--dp-bound", options.dp_bound,
                     "Points lie in [-B, B]; not to be chosen from the data (default 3, for standard units)");
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
  LEARNDOCK_TRY(const sketch::TableFile table,
                sketch::TableFile::open(options.data, {.label_column = options.label}));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(options.backend));
  const auto start = std::chrono::steady_clock::now();
  auto reduced = sketch::reduce(table.values(), reducer, *backend);
  if (auto intact = table.intact(); !intact) return pass_on(std::move(intact).error(), options.data);
  if (!reduced) return pass_on(std::move(reduced).error(), options.data);
  return SketchedData{std::move(*reduced),
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                      table.columns()};
}

Result<specification::RkmeSpecification> read_specification(const std::string& path) {
  LEARNDOCK_TRY(const std::string bytes, io::read_file(path, JsonLimits{}.max_bytes));
  auto spec = specification::from_bytes(bytes);
  if (!spec) return pass_on(std::move(spec).error(), path);
  return spec;
}

void add_spec_commands(CLI::App& app, Invocation& invocation) {
  CLI::App* group =
      app.add_subcommand("spec", "Make, inspect and compare statistical specifications, locally");
  group->require_subcommand(1);
  group->footer("example:\n  learndock spec make --data my.csv --label class --out stat.json");
  const OutputOptions& output = invocation.output;
  {
    auto options = std::make_shared<DataOptions>();
    auto out = std::make_shared<std::string>();
    auto binary = std::make_shared<bool>(false);
    CLI::App* command = add_command(
        *group, invocation, "make",
        "RKME of your data: a small sketch that can be shared. mmd_to_data in the output "
        "is the squared MMD between the sketch and the data, 0 being alike; beyond 10,000 rows it is an "
        "estimate, "
        "which may be below 0. A .npy file that is shortened while it is read is an error",
        "learndock spec make --data my.csv --label class --out stat.json\n"
        "  learndock spec make --data my.csv --gamma auto --scales 3 --method joint --out stat.json",
        [=, &output] { return make(*options, *out, *binary, output); });
    add_data_options(*command, *options, true);
    command->add_option("--out", *out, "File to write")->required();
    command->add_flag("--binary", *binary, "Write the compact binary form instead of JSON");
    command->add_option("--backend", options->backend, "cpu, cpu_reference or cuda");
  }
  {
    auto path = std::make_shared<std::string>();
    auto backend = std::make_shared<std::string>("cpu_reference");
    CLI::App* command =
        add_command(*group, invocation, "info", "Show what a specification contains",
                    "learndock spec info stat.json", [=, &output] { return info(*path, *backend, output); });
    command->add_option("file", *path, "stat.json or binary specification")->required();
    command->add_option("--backend", *backend, "cpu_reference, cpu or cuda")->capture_default_str();
  }
  {
    auto a = std::make_shared<std::string>(), b = std::make_shared<std::string>();
    auto backend = std::make_shared<std::string>("cpu_reference");
    CLI::App* command =
        add_command(*group, invocation, "distance", "Inner products and squared MMD of two specifications",
                    "learndock spec distance a.json b.json --json",
                    [=, &output] { return print_distance(*a, *b, *backend, output); });
    command->add_option("a", *a, "First specification; its kernel is used for the inner product")->required();
    command->add_option("b", *b, "Second specification")->required();
    command->add_option("--backend", *backend, "cpu_reference, cpu or cuda")->capture_default_str();
  }
}

}  // namespace learndock::cli
