#pragma once

#include "learndock/base/result.hpp"

#include "base/mutex.hpp"
#include "dock/index/indexing.hpp"
#include "dock/truth/truth.hpp"

#include <condition_variable>
#include <thread>

namespace learndock::dock {

/// Calls `Indexing::tend` on a thread of its own whenever enough has changed. A failure is logged and tried
/// again at the next change. When nothing changes, it removes deleted learnwares whose time is over.
class IndexKeeper {
 public:
  /// Both outlive it.
  IndexKeeper(Indexing& indexing, Truth& truth);
  ~IndexKeeper();
  IndexKeeper(const IndexKeeper&) = delete;
  IndexKeeper& operator=(const IndexKeeper&) = delete;
  /// Says that something was inserted, or that a stored part was given up.
  void notify() LEARNDOCK_EXCLUDES(mutex_);

 private:
  enum class Task { stop, tidy, tend };
  void run();
  [[nodiscard]] Task next_task() LEARNDOCK_EXCLUDES(mutex_);
  [[nodiscard]] Result<bool> tend();
  /// Logs a failure and pauses, or says that there may be more to do.
  void settle(const Result<bool>& done) LEARNDOCK_EXCLUDES(mutex_);

  Indexing& indexing_;
  Truth& truth_;
  Mutex mutex_;  // no other lock is taken while it is held
  std::condition_variable_any changed_;
  bool changes_ LEARNDOCK_GUARDED_BY(mutex_) = true;
  bool stopping_ LEARNDOCK_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all the rest
};

}  // namespace learndock::dock
