#pragma once

#include "learndock/base/result.hpp"

#include "dock/dock_state.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace learndock::dock {

/// Takes one step towards a stored index that has (nearly) all learnwares: writes the unindexed learnwares of
/// one space to a new part, or merges many small parts of one space. When there is no such step, it rewrites
/// the learnware cache if that pays. It reads from snapshots, beside searches and inserts; only making the
/// result current waits for writers.
/// @return whether there was something to do
/// @errors io, no_space, corrupt (a part is damaged), internal (the new part failed its check)
[[nodiscard]] Result<bool> tend_index(Dock::State& state);

/// Calls `tend_index` on a thread of its own whenever enough has changed. A failure is logged and tried again
/// at the next change.
class IndexKeeper {
 public:
  explicit IndexKeeper(Dock::State& state);
  ~IndexKeeper();
  /// Says that something was inserted.
  void notify();

 private:
  void run();
  [[nodiscard]] Result<bool> tend();

  Dock::State& state_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool changes_ = true, stopping_ = false;
  std::thread thread_;
};

}  // namespace learndock::dock
