#pragma once

#include "learndock/base/json_value.hpp"
#include "learndock/base/result.hpp"

#include "runtime/frame.hpp"
#include "runtime/model_runner.hpp"
#include "sandbox/job.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace learndock::runtime {

/// Starts a job; tests put another in the place of `sandbox::start`.
using Starter = std::function<Result<std::unique_ptr<sandbox::Process>>(const sandbox::Job&)>;

/// A program that speaks frames, and the model that it is to load.
struct RunnerProgram {
  std::string learnware;  ///< the name in messages
  sandbox::Job job;
  JsonValue load_request;  ///< the header of the frame "load"
};

/// Where a job sees its package.
inline constexpr const char* kPackageInside = "/package";

/// The variables of a job that runs a model: a home that it can write, and no more threads than there are
/// cores.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> job_variables(sandbox::Protection protection);

/// Runs a model in a process of its own: the one implementation of `ModelRunner`, for every runtime.
class ProcessRunner : public ModelRunner {
 public:
  ProcessRunner(RunnerProgram program, RunnerLimits limits, Starter start);
  ~ProcessRunner() override;
  ProcessRunner(const ProcessRunner&) = delete;
  ProcessRunner& operator=(const ProcessRunner&) = delete;

  [[nodiscard]] Result<ModelFacts> load() override;
  [[nodiscard]] Result<Array> predict(const Array& samples) override;
  void stop() override;
  [[nodiscard]] const sandbox::Ended& last_end() const override { return last_end_; }

 private:
  enum class Step : std::uint8_t { load, predict };

  /// A running process with its model loaded.
  Result<void> ready();
  Result<void> begin();
  Result<void> send(const Json& header, const Array* array, Step step);
  Result<Frame> receive(Step step);
  Result<Frame> ask(const Json& header, const Array* array, Step step);
  Result<void> check_answers(const Array& samples, const Array& answer) const;
  /// Ends a process that is of no more use.
  void end();
  [[nodiscard]] std::chrono::milliseconds patience(Step step) const;
  [[nodiscard]] Failure lost(const Error& error, Step step);
  [[nodiscard]] Failure refused(ErrorCode code, std::string what, std::string fix = {}) const;
  [[nodiscard]] Failure model_error(const Frame& frame) const;

  RunnerProgram program_;
  RunnerLimits limits_;
  Starter start_;
  std::unique_ptr<sandbox::Process> process_;  ///< null: none runs
  ModelFacts facts_;                           ///< of the running process
  sandbox::Ended last_end_;
  int losses_ = 0;  ///< processes that died or hung
};

}  // namespace learndock::runtime
