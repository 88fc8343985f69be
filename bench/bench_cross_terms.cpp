// Exact cross terms of queries against many packed reduced sets: how close to max(exponentials,
// multiply-adds)?
#include "learndock/compute/registry.hpp"

#include "ceilings.hpp"
#include "machine.hpp"
#include "support/generators.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace learndock::bench {
namespace {

using compute::PackedSets;
using compute::ReducedSetView;

/// `count` sets of m points. Only `distinct` differ, so that making them does not take longer than the
/// benchmark; each still has memory of its own once packed.
struct Market {
  std::vector<testing::WeightedSet> distinct;
  std::vector<ReducedSetView> views;
  std::optional<PackedSets> packed;

  Market(std::size_t count, std::size_t m, std::size_t d) {
    const double gamma = 0.5 / static_cast<double>(d);
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 64); ++i)
      distinct.push_back(testing::random_set({m, d, gamma, 0, 1, false}, i));
    for (std::size_t i = 0; i < count; ++i) views.push_back(distinct[i % distinct.size()].view());
    const std::vector<double> centre(d, 0.0);
    packed = PackedSets::pack(views, {gamma, 1}, centre).value();
  }
};

void require_matches_reference(const compute::Backend& backend, const Market& market,
                               const ReducedSetView& query, MatrixView<double> out) {
  const auto reference = compute::open_backend("cpu_reference").value();
  const std::size_t checked = std::min<std::size_t>(market.views.size(), 16);
  std::vector<double> want(checked);
  if (!reference->inner_products(query, std::span(market.views).first(checked), want)) std::abort();
  for (std::size_t i = 0; i < checked; ++i)
    if (std::abs(out(0, i) - want[i]) > 1e-5 * want[i]) {
      std::fprintf(stderr, "%s: set %zu is %.9g, the reference says %.9g\n",
                   std::string(backend.name()).c_str(), i, out(0, i), want[i]);
      std::abort();
    }
}

void BM_CrossTerms(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)), m = static_cast<std::size_t>(state.range(1)),
             d = static_cast<std::size_t>(state.range(2)), queries = static_cast<std::size_t>(state.range(3));
  const auto backend = compute::open_backend("cpu").value();
  const Market market(count, m, d);
  std::vector<testing::WeightedSet> query_sets;
  std::vector<ReducedSetView> query_views;
  for (std::size_t q = 0; q < queries; ++q)
    query_sets.push_back(testing::random_set({m, d, market.distinct[0].gamma, 0, 1, false}, 1000 + q));
  for (const auto& set : query_sets) query_views.push_back(set.view());
  const auto held = backend->hold(market.packed->view()).value();
  Matrix<double> out(queries, count);
  if (!backend->cross_terms(*held, query_views, out.view())) std::abort();
  require_matches_reference(*backend, market, query_views[0], out.view());
  for (auto _ : state)
    if (!backend->cross_terms(*held, query_views, out.view())) std::abort();
  const double pairs = static_cast<double>(count * queries) * static_cast<double>(m * m);
  const double floor_seconds =
      std::max(pairs * static_cast<double>(d) / ceilings().fma, pairs / ceilings().exponentials);
  state.counters["gpairs_per_s"] =
      benchmark::Counter(pairs / 1e9, benchmark::Counter::kIsIterationInvariantRate);
  // Share of the binding ceiling: the floor's time over the measured time.
  state.counters["share_of_ceiling"] =
      benchmark::Counter(floor_seconds, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_CrossTerms)
    ->ArgNames({"N", "m", "d", "queries"})
    ->Args({100'000, 100, 64, 1})
    ->Args({100'000, 100, 16, 1})
    ->Args({10'000, 100, 256, 1})
    ->Args({100'000, 20, 20, 1})
    ->Args({100'000, 32, 64, 8})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
