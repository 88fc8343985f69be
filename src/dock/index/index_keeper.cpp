#include "dock/index/index_keeper.hpp"

#include "base/log.hpp"

#include <chrono>
#include <new>

namespace learndock::dock {
namespace {

/// The pause after a failure: a full disk does not empty by trying.
constexpr std::chrono::seconds kBackOff{60};
/// How often deleted learnwares whose time is over are removed when nothing changes.
constexpr std::chrono::minutes kTidyAgain{60};

}  // namespace

IndexKeeper::IndexKeeper(Indexing& indexing, Truth& truth)
    : indexing_(indexing), truth_(truth), thread_([this] { run(); }) {}

IndexKeeper::~IndexKeeper() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    indexing_.stop();
  }
  changed_.notify_all();
  thread_.join();
}

void IndexKeeper::notify() {
  {
    const Lock lock(mutex_);
    changes_ = true;
  }
  changed_.notify_all();
}

IndexKeeper::Task IndexKeeper::next_task() {
  const Lock lock(mutex_);
  const bool woken = changed_.wait_for(mutex_, kTidyAgain,
                                       [this]() LEARNDOCK_REQUIRES(mutex_) { return changes_ || stopping_; });
  if (stopping_) return Task::stop;
  if (!woken) return Task::tidy;
  changes_ = false;
  return Task::tend;
}

void IndexKeeper::settle(const Result<bool>& done) {
  const Lock lock(mutex_);
  if (stopping_) return;
  if (!done) {
    log(LogLevel::warning, "the stored index was left as it is: " + describe(done.error()));
    changed_.wait_for(mutex_, kBackOff, [this]() LEARNDOCK_REQUIRES(mutex_) { return stopping_; });
  } else if (*done) {
    changes_ = true;  // there may be more
  }
}

void IndexKeeper::run() {
  while (true) {
    switch (next_task()) {
      case Task::stop:
        return;
      case Task::tidy:
        truth_.tidy();
        break;
      case Task::tend:
        settle(tend());
        break;
    }
  }
}

/// The thread's main function: an exception for lack of memory must not end the server.
Result<bool> IndexKeeper::tend() {
  try {
    return indexing_.tend();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::unavailable, "there was no memory to make a part of the index");
  }
}

}  // namespace learndock::dock
