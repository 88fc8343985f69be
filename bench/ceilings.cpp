#include "ceilings.hpp"

#include "ceiling_kernels.hpp"
#include "compute/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

namespace learndock::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRepeats = 5;
constexpr std::size_t kRounds = 20'000'000;
constexpr std::size_t kFloats = std::size_t{1} << 27;  // 512 MiB

volatile float sink = 0;

/// Work per second of the best of some runs on all cores: a ceiling is what is possible, so noise only lowers
/// it.
double best_rate(double work_per_thread, const std::function<void(std::size_t)>& run) {
  const unsigned threads = compute::usable_cores();
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    const auto start = Clock::now();
    compute::run_tasks(threads, threads, run);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, work_per_thread * threads / seconds);
  }
  return best;
}

Ceilings measure() {
  Ceilings found;
  const LoopWork work = loop_work();
  const auto rounds = static_cast<double>(kRounds);
  found.fma = best_rate(work.fma * rounds, [](std::size_t) { sink = fma_loop(kRounds); });
  found.exponentials =
      best_rate(work.exponentials * rounds / 8, [](std::size_t) { sink = exp_loop(kRounds / 8); });
  found.int8 =
      best_rate(work.int8 * rounds, [](std::size_t) { sink = static_cast<float>(int8_loop(kRounds)); });
  std::vector<float> data(kFloats, 1.0F);
  const std::size_t share = kFloats / compute::usable_cores();
  const double bytes = static_cast<double>(share) * sizeof(float);
  found.read_bytes =
      best_rate(bytes, [&](std::size_t t) { sink = read_loop(data.data() + t * share, share); });
  found.copy_bytes = best_rate(bytes, [&](std::size_t t) {
    float* const target = data.data() + t * share;
    std::memcpy(target, target + share / 2, share / 2 * sizeof(float));
  });
  return found;
}

}  // namespace

const Ceilings& ceilings() {
  static const Ceilings found = measure();
  return found;
}

}  // namespace learndock::bench
