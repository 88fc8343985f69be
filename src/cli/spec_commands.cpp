#include "cli/spec_commands.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/codec.hpp"
#include "learndock/specification/mmd.hpp"

#include "base/shorten.hpp"
#include "cli/data_options.hpp"
#include "io/file_rights.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace learndock::cli {
namespace {

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

/// Checks the output path before the work is done.
Result<void> check_folder_of(const std::filesystem::path& out) {
  const std::filesystem::path folder = out.parent_path();
  std::error_code ignored;  // what cannot be looked at is reported when it is written to
  if (folder.empty() || std::filesystem::exists(folder, ignored)) return {};
  return fail(ErrorCode::not_found, fmt::format("there is no folder {}", folder.string()), out.string(),
              fmt::format("make the folder first: mkdir -p {}", folder.string()));
}

Warning blind_points(double mean, double gamma) {
  return {WarningCode::kernel_blind,
          fmt::format("kernel blind: the reduced points have a mean kernel value of {:.2g} at gamma "
                      "{}; scale the features or use --gamma auto",
                      mean, gamma),
          Json{{"of", "query"}, {"mean_kernel", mean}, {"gamma", gamma}}};
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
  Warnings warnings = sketched.warnings;
  if (mean < specification::kKernelBlindThreshold) warnings.push_back(blind_points(mean, spec.kernel.gamma));
  warnings = shortened(std::move(warnings));
  warn(output, messages_of(warnings));
  if (output.json)
    print_json({{"points", spec.points.rows()},
                {"dimension", spec.dimension()},
                {"gamma", spec.kernel.gamma},
                {"scales", spec.kernel.scales},
                {"num_points", spec.num_points},
                {"method", sketched.reduced.privacy ? "private" : options.method},
                {"mmd_to_data", mmd ? Json(*mmd) : Json()},
                {"mmd_squared_to_data", mmd ? Json(*mmd) : Json()},
                {"mmd_exact", sketched.reduced.mmd_exact},
                {"kkt_residual", sketched.reduced.kkt_residual},
                {"privacy", privacy_json(sketched.reduced.privacy)},
                {"seconds", sketched.seconds},
                {"out", out},
                {"warnings", messages_of(warnings)},
                {"warning_details", to_json(std::span(warnings))}});
  else
    print_table({{"points", "dimension", "gamma", "mmd_to_data", "seconds", "out"},
                 {std::to_string(spec.points.rows()), std::to_string(spec.dimension()),
                  fmt::format("{}", spec.kernel.gamma), mmd ? fmt::format("{:.6g}", *mmd) : "-",
                  fmt::format("{:.3f}", sketched.seconds), out}});
  return {};
}

Result<void> info(const std::string& path, const std::string& backend_name, const OutputOptions& output) {
  LEARNDOCK_TRY(const specification::RkmeSpecification spec, read_specification(path));
  LEARNDOCK_TRY(const auto backend, compute::open_backend(backend_name));
  Json json = {{"type", spec.kind->name()},           {"points", spec.points.rows()},
               {"dimension", spec.dimension()},       {"shape", spec.trailing_shape},
               {"gamma", spec.kernel.gamma},          {"scales", spec.kernel.scales},
               {"num_points", spec.num_points},       {"self_inner", nullptr},
               {"mean_off_diagonal_kernel", nullptr}, {"warnings", Json::array()}};
  if (spec.kind->has_languages) json["language"] = spec.languages;
  if (spec.kind->comparable()) {
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
    json["warnings"].push_back(spec.kind->not_comparable);
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

void add_make_command(CLI::App& group, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto options = std::make_shared<DataOptions>();
  auto out = std::make_shared<std::string>();
  auto binary = std::make_shared<bool>(false);
  CLI::App* command = add_command(
      group, invocation, "make",
      "RKME of your data: a small sketch that can be shared. mmd_to_data in the output (and "
      "mmd_squared_to_data, the same number) is a square: the squared MMD between the sketch and the data, "
      "0 being alike; beyond 10,000 rows it is an "
      "estimate, which may be below 0. A .npy file that is shortened while it is read is an error",
      "learndock spec make --data my.csv --label class --out stat.json\n"
      "  learndock spec make --data my.csv --gamma auto --scales 3 --out stat.json",
      [=, &output] { return make(*options, *out, *binary, output); });
  add_data_options(*command, *options, true);
  command->add_option("--out", *out, "File to write")->required();
  command->add_flag("--binary", *binary, "Write the compact binary form instead of JSON");
  command->add_option("--backend", options->backend, "cpu, cpu_reference or cuda");
}

void add_info_command(CLI::App& group, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto path = std::make_shared<std::string>();
  auto backend = std::make_shared<std::string>("cpu_reference");
  CLI::App* command =
      add_command(group, invocation, "info", "Show what a specification contains",
                  "learndock spec info stat.json", [=, &output] { return info(*path, *backend, output); });
  command->add_option("file", *path, "stat.json or binary specification")->required();
  command->add_option("--backend", *backend, "cpu_reference, cpu or cuda")->capture_default_str();
}

void add_distance_command(CLI::App& group, Invocation& invocation) {
  const OutputOptions& output = invocation.output;
  auto a = std::make_shared<std::string>(), b = std::make_shared<std::string>();
  auto backend = std::make_shared<std::string>("cpu_reference");
  CLI::App* command =
      add_command(group, invocation, "distance", "Inner products and squared MMD of two specifications",
                  "learndock spec distance a.json b.json --json",
                  [=, &output] { return print_distance(*a, *b, *backend, output); });
  command->add_option("a", *a, "First specification; its kernel is used for the inner product")->required();
  command->add_option("b", *b, "Second specification")->required();
  command->add_option("--backend", *backend, "cpu_reference, cpu or cuda")->capture_default_str();
}

}  // namespace

void add_spec_commands(CLI::App& app, Invocation& invocation) {
  CLI::App* group =
      app.add_subcommand("spec", "Make, inspect and compare statistical specifications, locally");
  group->require_subcommand(1);
  group->footer("example:\n  learndock spec make --data my.csv --label class --out stat.json");
  add_make_command(*group, invocation);
  add_info_command(*group, invocation);
  add_distance_command(*group, invocation);
}

}  // namespace learndock::cli
