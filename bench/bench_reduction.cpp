// One gradient step's sums and one projection: what RKME generation and index building spend their time on.
#include "learndock/compute/registry.hpp"

#include "ceilings.hpp"
#include "machine.hpp"
#include "support/generators.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdlib>

namespace learndock::bench {
namespace {

void BM_ReductionSums(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0)), d = static_cast<std::size_t>(state.range(1)),
             k = static_cast<std::size_t>(state.range(2));
  const auto backend = compute::open_backend("cpu").value();
  const auto data = testing::random_data(rows, d, 1);
  const auto points = testing::random_set({k, d}, 2);
  const double gamma = 0.5 / static_cast<double>(d);
  std::vector<double> kernel(k), want(k);
  Matrix<double> slope_point(k, d);
  const compute::ReductionJob job{points.points.view(), data.view(), {gamma}, {kernel, slope_point.view()}};
  if (!backend->data_sums(points.points.view(), data.view(), {gamma}, {want, {}})) std::abort();
  if (!backend->reduction_sums({&job, 1})) std::abort();
  for (std::size_t i = 0; i < k; ++i)
    if (std::abs(kernel[i] - want[i]) > 1e-5 * want[i]) std::abort();
  for (auto _ : state)
    if (!backend->reduction_sums({&job, 1})) std::abort();
  const double pairs = static_cast<double>(rows) * static_cast<double>(k);
  // Two products of d multiply-adds for each pair: the distances and the weighted points.
  const double floor_seconds =
      std::max(2 * pairs * static_cast<double>(d) / ceilings().fma, pairs / ceilings().exponentials);
  state.counters["share_of_ceiling"] =
      benchmark::Counter(floor_seconds, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_ReductionSums)
    ->ArgNames({"n", "d", "K"})
    ->Args({10'000, 64, 100})
    ->Args({100'000, 64, 100})
    ->Args({100'000, 16, 100})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_ProjectFp64(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)), m = static_cast<std::size_t>(state.range(1)),
             d = static_cast<std::size_t>(state.range(2)),
             landmarks = static_cast<std::size_t>(state.range(3));
  constexpr std::size_t kCoordinates = 256;
  const auto backend = compute::open_backend("cpu").value();
  std::vector<testing::WeightedSet> sets;
  for (std::size_t i = 0; i < count; ++i) sets.push_back(testing::random_set({m, d}, i));
  std::vector<compute::ReducedSetView> views;
  for (const auto& set : sets) views.push_back(set.view());
  const auto points = testing::random_set({landmarks, d}, 9);
  const auto map = testing::random_set({kCoordinates, landmarks}, 10);
  Matrix<double> out(count, kCoordinates);
  const compute::Projection projection{
      points.points.view(), map.points.view(), {0.5 / static_cast<double>(d), 1}};
  for (auto _ : state)
    if (!backend->project(views, projection, out.view())) std::abort();
  state.counters["sets_per_s"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_ProjectFp64)
    ->ArgNames({"N", "m", "d", "landmarks"})
    ->Args({1'000, 100, 20, 1'024})
    ->Args({1'000, 100, 64, 2'048})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
