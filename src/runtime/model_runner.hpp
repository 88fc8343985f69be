#pragma once

#include "learndock/base/result.hpp"

#include "runtime/array.hpp"
#include "sandbox/process.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace learndock::runtime {

/// What a model says of itself once it is loaded.
struct ModelFacts {
  std::vector<std::uint64_t> input_shape;                  ///< of one sample; empty: it says nothing
  std::optional<std::vector<std::uint64_t>> output_shape;  ///< of one sample; nothing: it says nothing
  std::string runtime;                                     ///< "python 3.11.2", "torchscript 2.1"
};

/// How long one call may take, and what a runner may use.
struct RunnerLimits {
  /// `wall` and `cpu` are those of the whole life of one process, which stays warm; each call has its own
  /// limit.
  sandbox::Limits job = {.wall = std::chrono::hours(24), .cpu = std::chrono::hours(24)};
  std::chrono::milliseconds load = std::chrono::seconds(60);
  std::chrono::milliseconds call = std::chrono::seconds(60);
  int restarts = 3;                                     ///< of a process that died, in a runner's whole life
  std::uint64_t answer_bytes = std::uint64_t{1} << 30;  ///< a larger answer is refused
};

/// One learnware, loaded in a process of its own and kept warm.
/// @threads one call at a time
class ModelRunner {
 public:
  virtual ~ModelRunner() = default;
  /// @errors model_load (the model's own words are in the message), model_contract, sandbox_*; each names the
  /// learnware
  [[nodiscard]] virtual Result<ModelFacts> load() = 0;
  /// The answers to a batch: the first extent is that of `samples`, every number is finite.
  /// @errors model_predict (it raised an error), model_contract (another number of answers, other shapes than
  /// it said, NaN, texts), model_died, model_hung
  [[nodiscard]] virtual Result<Array> predict(const Array& samples) = 0;
  /// Ends the process; the next call starts it again.
  virtual void stop() = 0;
  /// Peak memory, log and cause of the last process that ended.
  [[nodiscard]] virtual const sandbox::Ended& last_end() const = 0;
};

}  // namespace learndock::runtime
