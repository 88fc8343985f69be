#include "runtime/python_runner.hpp"

#include "learndock/base/json.hpp"

#include "runtime/assets.hpp"

#include <utility>

namespace learndock::runtime {
namespace {

/// Python apart from the user: none of its variables, no site of the user, UTF-8, nothing written beside the
/// modules; and the stack of a crash on standard error.
std::vector<std::string> command_of(const std::string& python) {
  return {python, "-I", "-B", "-u", "-X", "utf8", "-X", "faulthandler", "-c", std::string(kRunnerPy.bytes)};
}

}  // namespace

std::unique_ptr<ModelRunner> python_runner(const PythonPackage& package, const RunnerLimits& limits,
                                           sandbox::Protection protection, Starter start) {
  // Without layers there is no other view of the files: everything is where it is on the host.
  const bool bound = protection == sandbox::Protection::full;
  RunnerProgram program;
  program.learnware = package.learnware;
  program.job.command =
      command_of(bound ? package.environment.python_inside() : package.environment.python.string());
  program.job.environment = job_variables(protection);
  if (bound) {
    program.job.bindings = package.environment.bindings();
    program.job.bindings.push_back({package.folder, kPackageInside});
  }
  program.job.protection = protection;
  Json request{{"kind", "load"},
               {"folder", bound ? kPackageInside : std::filesystem::absolute(package.folder).string()},
               {"module", package.model.module_path},
               {"class", package.model.class_name},
               {"kwargs", package.model.kwargs->is_object() ? *package.model.kwargs : Json::object()}};
  program.load_request = std::move(request);
  return std::make_unique<ProcessRunner>(std::move(program), limits, std::move(start));
}

}  // namespace learndock::runtime
