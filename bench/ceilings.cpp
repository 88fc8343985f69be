#include "ceilings.hpp"

#include "learndock/numeric/aligned_vector.hpp"

#include "base/parallel.hpp"
#include "ceiling_kernels.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

namespace learndock::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRepeats = 5;
constexpr std::size_t kRounds = 20'000'000;
constexpr std::size_t kFloats = std::size_t{1} << 27;  // 512 MiB

volatile float sink = 0;

/// Work per second of one run on all cores.
double rate(double work_per_thread, const std::function<void(std::size_t)>& run) {
  const unsigned threads = usable_cores();
  const auto start = Clock::now();
  run_tasks(threads, threads, run);
  return work_per_thread * threads / std::chrono::duration<double>(Clock::now() - start).count();
}

double fma_rate(std::size_t rounds) {
  return rate(loop_work().fma * static_cast<double>(rounds), [=](std::size_t) { sink = fma_loop(rounds); });
}
double exponential_rate(std::size_t rounds) {
  return rate(loop_work().exponentials * static_cast<double>(rounds),
              [=](std::size_t) { sink = exp_loop(rounds); });
}
double int8_rate(std::size_t rounds) {
  return rate(loop_work().int8 * static_cast<double>(rounds),
              [=](std::size_t) { sink = static_cast<float>(int8_loop(rounds)); });
}

/// Kept in huge pages, as the codes of a scan are.
AlignedVector<float>& memory() {
  static AlignedVector<float> floats(kFloats, 1.0F);
  return floats;
}

double read_rate() {
  const std::size_t share = kFloats / usable_cores();
  const float* const data = memory().data();
  return rate(static_cast<double>(share) * sizeof(float),
              [=](std::size_t t) { sink = read_loop(data + t * share, share); });
}

double copy_rate() {
  const std::size_t share = kFloats / usable_cores();
  float* const data = memory().data();
  return rate(static_cast<double>(share) * sizeof(float), [=](std::size_t t) {
    float* const target = data + t * share;
    std::memcpy(target, target + share / 2, share / 2 * sizeof(float));
  });
}

/// The best of some runs: a ceiling is what is possible, so noise only lowers it.
double best_of(const std::function<double()>& measure) {
  double best = 0;
  for (int repeat = 0; repeat < kRepeats; ++repeat) best = std::max(best, measure());
  return best;
}

Ceilings measure() {
  Ceilings found;
  found.fma = best_of([] { return fma_rate(kRounds); });
  found.exponentials = best_of([] { return exponential_rate(kRounds / 8); });
  found.int8 = best_of([] { return int8_rate(kRounds); });
  found.read_bytes = best_of(read_rate);
  found.copy_bytes = best_of(copy_rate);
  return found;
}

}  // namespace

const Ceilings& ceilings() {
  static const Ceilings found = measure();
  return found;
}

double rate_now(Ceiling which) {
  switch (which) {
    case Ceiling::read:
      return read_rate();
    case Ceiling::fma:
      return fma_rate(kRounds / 4);
    case Ceiling::int8:
      return int8_rate(kRounds / 4);
  }
  return 0;
}

}  // namespace learndock::bench
