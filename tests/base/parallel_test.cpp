// Tasks shared with helping threads: each is run once, whichever thread calls.
#include "base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace learndock {
namespace {

void expect_each_once(std::size_t count, unsigned threads) {
  std::vector<std::atomic<int>> runs(count);
  run_tasks(count, threads, [&](std::size_t i) { ++runs[i]; });
  for (std::size_t i = 0; i < count; ++i)
    ASSERT_EQ(runs[i], 1) << i << " of " << count << ", " << threads << " threads";
}

TEST(RunTasks, EachOnceWithAnyNumberOfThreads) {
  for (const unsigned threads : {0U, 1U, 2U, 7U, 40U})
    for (const std::size_t count : {0U, 1U, 2U, 39U, 5000U}) expect_each_once(count, threads);
}

TEST(RunTasks, ManyCallersAtOnceAndNested) {
  std::atomic<std::size_t> inner{0};
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat)
        run_tasks(5, 3, [&](std::size_t) { run_tasks(4, 3, [&](std::size_t) { ++inner; }); });
    });
  callers.clear();
  EXPECT_EQ(inner, 6U * 200 * 5 * 4);
}

TEST(RunTasks, TheCallersOwnExceptionLeavesNothingRunning) {
  const auto caller = std::this_thread::get_id();
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int> running{0};
    const auto task = [&](std::size_t) {
      if (std::this_thread::get_id() == caller) throw std::runtime_error("planned");
      ++running;
      std::this_thread::yield();
      --running;
    };
    EXPECT_THROW(run_tasks(1000, 3, task), std::runtime_error);
    EXPECT_EQ(running, 0);
  }
}

TEST(RunTasks, AnExceptionOfAnyThreadReachesTheCaller) {
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::atomic<int> begun{0};
    const auto task = [&](std::size_t i) {
      ++begun;
      if (i == 500) throw std::runtime_error("planned");
    };
    EXPECT_THROW(run_tasks(100'000, 3, task), std::runtime_error);
    EXPECT_GT(begun, 500);
  }
  expect_each_once(1000, 3);
}

TEST(RunTasks, HelpersThatWereEndedComeBack) {
  for (int repeat = 0; repeat < 20; ++repeat) {
    expect_each_once(100, 4);
    end_helpers();
  }
  end_helpers();
  expect_each_once(100, 4);
}

TEST(RunTasks, AForkedChildDoesItAll) {
  expect_each_once(100, 3);  // there are helpers, which the child does not inherit
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> done{0};
    run_tasks(100, 3, [&](std::size_t) { ++done; });
    _exit(done == 100 ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace learndock
