#include "compute/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace learndock::compute {
namespace {

/// What one caller of run_tasks wants done; lives on its stack.
struct Job {
  const std::function<void(std::size_t)>& task;
  const std::size_t count;
  std::atomic<std::size_t> next{0};
  std::size_t wanted;             // helpers that may still join
  std::size_t helping = 0;        // that have joined and not left
  std::condition_variable alone;  // the last helper left

  void work() {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) task(i);
  }
};

/// Threads that wait for jobs: starting one takes longer than many a search. As many as a caller ever asked
/// for; callers at the same time share them. A caller works itself and waits only for helpers that joined, so
/// that nested calls and busy helpers are no harm.
class Helpers {
 public:
  static Helpers& get() {
    // Never destroyed: its threads may outlast the program's static objects.
    static auto& helpers = *new Helpers;
    return helpers;
  }

  /// In a forked child there are no threads, and the mutex may be held by one that is gone.
  [[nodiscard]] static bool gone() { return forked_; }

  void run(Job& job) {
    invite(job);
    const Farewell farewell{*this, job};  // also when a task throws
    job.work();
  }

 private:
  Helpers() {
    pthread_atfork(nullptr, nullptr, [] { forked_ = true; });
  }

  struct Farewell {
    Helpers& helpers;
    Job& job;
    ~Farewell() { helpers.dismiss(job); }
  };

  void invite(Job& job) {
    const std::size_t invited = job.wanted;
    {
      const std::lock_guard lock(mutex_);
      for (; threads_ < invited; ++threads_) std::thread([this] { serve(); }).detach();
      jobs_.push_back(&job);
    }
    for (std::size_t i = 0; i < invited; ++i) arrived_.notify_one();
  }

  void dismiss(Job& job) {
    std::unique_lock lock(mutex_);
    std::erase(jobs_, &job);
    job.alone.wait(lock, [&] { return job.helping == 0; });
  }

  [[noreturn]] void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(lock, [&] { return !jobs_.empty(); });
      Job& job = *jobs_.front();
      if (--job.wanted == 0) jobs_.pop_front();
      ++job.helping;
      lock.unlock();
      job.work();
      lock.lock();
      if (--job.helping == 0) job.alone.notify_one();
    }
  }

  static inline std::atomic<bool> forked_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job*> jobs_;  // that want helpers
  std::size_t threads_ = 0;
};

}  // namespace

void run_tasks(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& task) {
  const std::size_t most = std::min<std::size_t>(threads, count);
  if (most <= 1 || Helpers::gone()) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  Job job{.task = task, .count = count, .wanted = most - 1, .alone = {}};
  Helpers::get().run(job);
}

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace learndock::compute
