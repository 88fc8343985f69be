#include "verify/host.hpp"

#include "runtime/needs.hpp"
#include "runtime/python_runner.hpp"
#include "runtime/torch_runner.hpp"

#include <fmt/format.h>

#include <utility>

namespace learndock::verify {
namespace {

using package::ModelRuntime;

Result<Prepared> prepare(const Unpacked& package, const HostOptions& options, std::stop_token stop) {
  Prepared prepared;
  prepared.way = "none needed";
  if (package.contents.model.runtime == ModelRuntime::torchscript) return prepared;
  LEARNDOCK_TRY(const runtime::Needs needs, runtime::read_needs(package.folder));
  runtime::EnvironmentSettings settings = options.environments;
  settings.stop = std::move(stop);
  LEARNDOCK_TRY(runtime::Environment made, runtime::prepare_environment(needs, settings));
  prepared.lock = made.lock;
  prepared.notes = made.notes;
  for (const std::string& left_out : made.left_out) prepared.notes.push_back("could not be had: " + left_out);
  prepared.way = fmt::format("{}, Python {}", made.way, made.python_version);
  prepared.cached = made.cached;
  prepared.keep = std::make_shared<const runtime::Environment>(std::move(made));
  return prepared;
}

/// A process that is cancelled by a stop.
class StoppableProcess final : public sandbox::Process {
 public:
  StoppableProcess(std::unique_ptr<sandbox::Process> process, const std::stop_token& stop)
      : process_(std::move(process)), stop_(stop, [this] { process_->cancel(); }) {}
  Result<void> send(std::span<const std::byte> bytes, std::chrono::milliseconds patience) override {
    return process_->send(bytes, patience);
  }
  Result<void> receive(std::span<std::byte> bytes, std::chrono::milliseconds patience) override {
    return process_->receive(bytes, patience);
  }
  void close_requests() override { process_->close_requests(); }
  const sandbox::Ended& wait() override { return process_->wait(); }
  void cancel() override { process_->cancel(); }

 private:
  std::unique_ptr<sandbox::Process> process_;
  std::stop_callback<std::function<void()>> stop_;  ///< goes before the process
};

runtime::Starter stoppable(const std::stop_token& stop) {
  return [stop](const sandbox::Job& job) -> Result<std::unique_ptr<sandbox::Process>> {
    LEARNDOCK_TRY(auto process, sandbox::start(job));
    return std::make_unique<StoppableProcess>(std::move(process), stop);
  };
}

Result<std::unique_ptr<runtime::ModelRunner>> make_runner(const Unpacked& package, const Prepared& prepared,
                                                          const HostOptions& options,
                                                          const std::stop_token& stop) {
  if (package.contents.model.runtime == ModelRuntime::python) {
    const auto* const environment = static_cast<const runtime::Environment*>(prepared.keep.get());
    return runtime::python_runner({package.name, package.folder, package.contents.model, *environment},
                                  options.limits, options.protection, stoppable(stop));
  }
  auto runner = runtime::torch_runner({package.name, package.folder, package.contents.model}, options.limits,
                                      options.protection, stoppable(stop));
  // What this machine lacks is not the package's fault.
  if (!runner && runner.error().code == ErrorCode::unsupported) {
    Error error = std::move(runner).error();
    error.code = ErrorCode::environment_tool;
    return Failure(std::move(error));
  }
  return runner;
}

}  // namespace

Surroundings host_surroundings(const HostOptions& options) {
  Surroundings surroundings;
  surroundings.scratch = options.scratch.empty() ? std::filesystem::temp_directory_path() : options.scratch;
  surroundings.prepare = [options](const Unpacked& package, std::stop_token stop) {
    return prepare(package, options, std::move(stop));
  };
  surroundings.runner = [options](const Unpacked& package, const Prepared& prepared,
                                  const std::stop_token& stop) {
    return make_runner(package, prepared, options, stop);
  };
  return surroundings;
}

}  // namespace learndock::verify
