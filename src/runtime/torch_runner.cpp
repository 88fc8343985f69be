#include "runtime/torch_runner.hpp"

#include "learndock/base/json.hpp"

#include "io/line_reader.hpp"
#include "sandbox/tool.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::runtime {
namespace {

constexpr const char* kProgram = "learndock-torch";
constexpr const char* kProgramInside = "/learndock";

bool is_in_system(const std::filesystem::path& path) {
  const std::string text = path.string();
  return text.starts_with("/usr/") || text.starts_with("/lib");
}

/// The folders of a LibTorch that is not the system's, which the build lists beside the program.
std::vector<std::filesystem::path> torch_libraries(const std::filesystem::path& program) {
  std::vector<std::filesystem::path> folders;
  io::LineReader list(program.string() + ".libraries", 4096);
  if (!list.open()) return folders;
  std::string line;
  for (auto more = list.next(line); more && *more; more = list.next(line))
    if (line.starts_with('/') && !is_in_system(line)) folders.emplace_back(line);
  return folders;
}

/// What the job sees beside the system: the package, and the program with its libraries where they are not in
/// it.
std::vector<sandbox::Binding> bindings_of(const std::filesystem::path& package,
                                          const std::filesystem::path& program) {
  std::vector<sandbox::Binding> all = {{package, kPackageInside}};
  if (!is_in_system(program)) all.push_back({program, fmt::format("{}/{}", kProgramInside, kProgram)});
  for (const std::filesystem::path& folder : torch_libraries(program))
    all.push_back({folder, folder.string()});
  return all;
}

}  // namespace

std::optional<std::filesystem::path> find_torch_program() {
  auto program = sandbox::find_program(kProgram);
  std::error_code none;
  return program ? std::optional(std::filesystem::canonical(*program, none)) : std::nullopt;
}

Result<std::unique_ptr<ModelRunner>> torch_runner(const TorchPackage& package, const RunnerLimits& limits,
                                                  sandbox::Protection protection, Starter start) {
  const auto program_file = find_torch_program();
  if (!program_file)
    return fail(ErrorCode::unsupported,
                fmt::format("learnware {} is a TorchScript model, and this machine has no {}",
                            package.learnware, kProgram),
                package.learnware,
                "install LibTorch (libtorch-dev) and build learndock again: it then builds the program");
  const bool bound = protection == sandbox::Protection::full;
  const std::filesystem::path folder =
      bound ? std::filesystem::path(kPackageInside) : std::filesystem::absolute(package.folder);
  RunnerProgram program;
  program.learnware = package.learnware;
  program.job.command = {bound && !is_in_system(*program_file)
                             ? fmt::format("{}/{}", kProgramInside, kProgram)
                             : program_file->string()};
  program.job.environment = job_variables(protection);
  program.job.protection = protection;
  if (bound) program.job.bindings = bindings_of(package.folder, *program_file);
  const Json kwargs = package.model.kwargs->is_object() ? *package.model.kwargs : Json::object();
  Json request{{"kind", "load"}, {"file", (folder / package.model.file).string()}};
  for (const char* key : {"input_shape", "output_shape"})
    if (kwargs.contains(key)) request[key] = kwargs[key];
  program.load_request = std::move(request);
  return std::make_unique<ProcessRunner>(std::move(program), limits, std::move(start));
}

}  // namespace learndock::runtime
