#pragma once

#include "learndock/base/result.hpp"

#include <atomic>
#include <future>
#include <memory>
#include <string>

namespace learndock::cli {

/// Ctrl-C and SIGTERM while a server runs. The first asks it to stop; another one, or the first before
/// `serving`, ends the process at once. The dock survives that, as it survives a power cut. There is one
/// object in a process.
class StopSignals {
 public:
  [[nodiscard]] static Result<StopSignals> install();
  /// From now on the first signal asks instead of ending the process.
  void serving();
  /// Waits until the first signal.
  void wait();

 private:
  StopSignals() = default;
  struct State {
    std::atomic<bool> serving{false};
    std::promise<void> asked;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::future<void> asked_ = state_->asked.get_future();
};

/// Prints the reason on stderr and ends the process without waiting for anything.
[[noreturn]] void end_at_once(const std::string& why);

}  // namespace learndock::cli
