// Scans over certified codes: one query against the memory's speed, batches against the 8-bit multiply-add
// rate.
#include "learndock/compute/registry.hpp"

#include "ceilings.hpp"
#include "machine.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace learndock::bench {
namespace {

using compute::CodeType;
using compute::EmbeddingView;

/// Coordinates whose spread falls like those of principal components.
struct Embedding {
  std::vector<double> coordinates;
  double residual = 0.05;

  Embedding(std::size_t d, std::mt19937_64& random) : coordinates(d) {
    std::normal_distribution<double> normal;
    for (std::size_t k = 0; k < d; ++k)
      coordinates[k] = normal(random) * 0.3 / std::sqrt(1.0 + static_cast<double>(k));
  }
  [[nodiscard]] EmbeddingView view() const {
    double norm = residual * residual;
    for (const double value : coordinates) norm += value * value;
    return {coordinates, residual, norm};
  }
};

void require_matches_reference(const compute::HeldCodes& codes, const compute::ScanJob& job) {
  // The exact bound of the same codes; a rounded query may only lower it, and by little.
  const auto cpu = compute::open_backend("cpu").value(),
             reference = compute::open_backend("cpu_reference").value();
  compute::ScanCodesView few = codes.view();
  few.count = std::min<std::size_t>(few.count, 500);
  const auto held = cpu->hold(few).value();
  const compute::ScanJob one{job.queries.first(1), nullptr, 2};
  Matrix<compute::ScanHit> have(1, few.count), want(1, few.count);
  std::vector<std::size_t> counts(1);
  const float all[] = {1e30F};
  if (!cpu->scan_within(*held, one, all, have.view(), counts) ||
      !reference->scan_within(*held, one, all, want.view(), counts))
    std::abort();
  for (std::size_t i = 0; i < few.count; ++i) {
    const float difference = want(0, i).lower_bound - have(0, i).lower_bound;
    if (difference < -1e-6F || difference > 2e-3F) {
      std::fprintf(stderr, "item %zu: bound %g, the reference says %g\n", i,
                   static_cast<double>(have(0, i).lower_bound), static_cast<double>(want(0, i).lower_bound));
      std::abort();
    }
  }
}

void BM_Scan(benchmark::State& state) {
  const auto type = static_cast<CodeType>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1)), d = static_cast<std::size_t>(state.range(2)),
             queries = static_cast<std::size_t>(state.range(3));
  const auto backend = compute::open_backend("cpu").value();
  std::mt19937_64 random(7);
  compute::ScanCodes codes(type, d);
  std::vector<Embedding> distinct;
  for (int i = 0; i < 16'384; ++i) distinct.emplace_back(d, random);
  for (std::size_t i = 0; i < count; ++i)
    if (!codes.add(distinct[i % distinct.size()].view())) std::abort();
  std::vector<Embedding> query_embeddings;
  std::vector<EmbeddingView> views;
  for (std::size_t q = 0; q < queries; ++q) query_embeddings.emplace_back(d, random);
  for (const auto& query : query_embeddings) views.push_back(query.view());
  const auto held = backend->hold(codes.view()).value();
  const compute::ScanJob job{views, nullptr, queries == 1 ? 2U : 1U};
  require_matches_reference(*held, job);
  Matrix<compute::ScanHit> hits(queries, 100);
  std::vector<std::size_t> counts(queries);
  for (auto _ : state)
    if (!backend->scan_smallest(*held, job, hits.view(), counts)) std::abort();
  const double bytes =
      static_cast<double>(codes.view().blocks()) *
      static_cast<double>(codes.view().block_bytes() + 32 * compute::kFactors * sizeof(float));
  const double macs = static_cast<double>(count) * static_cast<double>(d) * static_cast<double>(queries);
  const bool whole = type == CodeType::int8 || type == CodeType::int4;
  const double floor_seconds =
      std::max(bytes / ceilings().read_bytes, macs / (whole ? ceilings().int8 : ceilings().fma));
  state.SetBytesProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * bytes));
  state.counters["queries_per_s"] =
      benchmark::Counter(static_cast<double>(queries), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["share_of_ceiling"] =
      benchmark::Counter(floor_seconds, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_Scan)
    ->ArgNames({"type", "N", "D", "queries"})
    ->Args({2, 1'000'000, 256, 1})
    ->Args({3, 1'000'000, 256, 1})
    ->Args({1, 500'000, 256, 1})
    ->Args({0, 250'000, 256, 1})
    ->Args({2, 262'144, 256, 128})
    ->Args({3, 262'144, 256, 128})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
