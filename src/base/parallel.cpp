#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <system_error>
#include <thread>
#include <vector>

namespace learndock {
namespace {

/// The work of one call of run_tasks; it is on the caller's stack.
struct Job {
  const std::function<void(std::size_t)>& task;
  const std::size_t count;
  std::atomic<std::size_t> next{0};
  std::size_t wanted;             // helpers that may still join
  std::size_t helping = 0;        // helpers that have joined and not left
  std::condition_variable alone;  // the last helper left
  std::exception_ptr failure = nullptr;

  void work() {
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) task(i);
  }
};

/// Threads that wait for jobs, because starting one takes longer than many a search. There are as many as a
/// caller ever asked for; callers at the same time share them. A caller works itself and waits only for
/// helpers that joined, so nested calls and busy helpers do no harm.
class Helpers {
 public:
  static Helpers& get() {
    // Never destroyed: its threads may outlast the program's static objects.
    static auto& helpers = *new Helpers;
    return helpers;
  }

  /// In a forked child its parent's threads are gone, and the mutex may be held by one of them.
  [[nodiscard]] static bool lost() { return lost_; }

  void run(Job& job) {
    invite(job);
    attend(job);
    dismiss(job);
    if (job.failure) std::rethrow_exception(job.failure);
  }

  void end() {
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      threads.swap(threads_);
    }
    arrived_.notify_all();
    for (std::thread& thread : threads) thread.join();
    ending_ = false;
  }

 private:
  Helpers() {
    pthread_atfork(nullptr, nullptr, [] { lost_ = !get().threads_.empty(); });
  }

  /// Runs tasks. An exception of a task is kept for the caller, and no further task is begun.
  void attend(Job& job) {
    try {
      job.work();
    } catch (...) {
      job.next = job.count;
      const std::lock_guard lock(mutex_);
      if (!job.failure) job.failure = std::current_exception();
    }
  }

  void invite(Job& job) {
    const std::size_t invited = job.wanted;
    {
      const std::lock_guard lock(mutex_);
      add_threads(invited);
      jobs_.push_back(&job);
    }
    for (std::size_t i = 0; i < invited; ++i) arrived_.notify_one();
  }

  void add_threads(std::size_t wanted) {
    try {
      while (threads_.size() < wanted) threads_.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
      // The system gives no more threads: those that exist, and the caller, do the work.
    }
  }

  void dismiss(Job& job) {
    std::unique_lock lock(mutex_);
    std::erase(jobs_, &job);
    job.alone.wait(lock, [&] { return job.helping == 0; });
  }

  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(lock, [&] { return ending_ || !jobs_.empty(); });
      if (ending_) break;
      Job& job = *jobs_.front();
      if (--job.wanted == 0) jobs_.pop_front();
      ++job.helping;
      lock.unlock();
      attend(job);
      lock.lock();
      if (--job.helping == 0) job.alone.notify_one();
    }
  }

  static inline std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job*> jobs_;  // jobs that want helpers
  std::vector<std::thread> threads_;
  bool ending_ = false;
};

}  // namespace

void run_tasks(std::size_t count, unsigned threads, const std::function<void(std::size_t)>& task) {
  const std::size_t most = std::min<std::size_t>(threads, count);
  if (most <= 1 || Helpers::lost()) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  Job job{.task = task, .count = count, .wanted = most - 1, .alone = {}};
  Helpers::get().run(job);
}

void end_helpers() { Helpers::get().end(); }

unsigned usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace learndock
