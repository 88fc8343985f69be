// Scans over certified codes: one query against the memory's speed, batches against the 8-bit multiply-add
// rate. The ceiling is measured between the scans and each scan is compared with the run beside it.
#include "learndock/compute/registry.hpp"

#include "ceilings.hpp"
#include "machine.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
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

/// `count` items, of which 16,384 are distinct: coding a million would take longer than measuring.
struct ManyCodes {
  AlignedVector<std::byte> codes;
  AlignedVector<float> factors;
  compute::ScanCodesView shape;

  ManyCodes(CodeType type, std::size_t d, std::size_t count, std::mt19937_64& random) {
    constexpr std::size_t kDistinct = 16'384;
    compute::ScanCodes distinct(type, d);
    for (std::size_t i = 0; i < kDistinct; ++i)
      if (!distinct.add(Embedding(d, random).view())) std::abort();
    shape = distinct.view();
    const std::size_t bytes = shape.blocks() * shape.block_bytes(),
                      values = shape.blocks() * compute::kFactors * compute::kBlockItems;
    const std::size_t copies = (count + kDistinct - 1) / kDistinct;
    codes.resize(copies * bytes);
    factors.resize(copies * values);
    for (std::size_t copy = 0; copy < copies; ++copy) {
      std::copy_n(shape.codes, bytes, codes.data() + copy * bytes);
      std::copy_n(shape.factors, values, factors.data() + copy * values);
    }
    shape.count = count;
    shape.codes = codes.data();
    shape.factors = factors.data();
  }
  [[nodiscard]] const compute::ScanCodesView& view() const { return shape; }
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
  const ManyCodes codes(type, d, count, random);
  std::vector<Embedding> query_embeddings;
  std::vector<EmbeddingView> views;
  for (std::size_t q = 0; q < queries; ++q) query_embeddings.emplace_back(d, random);
  for (const auto& query : query_embeddings) views.push_back(query.view());
  const auto held = backend->hold(codes.view()).value();
  const compute::ScanJob job{views, nullptr, queries == 1 ? 2U : 1U};
  require_matches_reference(*held, job);
  Matrix<compute::ScanHit> hits(queries, 100);
  std::vector<std::size_t> counts(queries);
  const bool whole = type == CodeType::int8 || type == CodeType::int4;
  const double bytes =
      static_cast<double>(codes.view().blocks()) *
      static_cast<double>(codes.view().block_bytes() + 32 * compute::kFactors * sizeof(float));
  const double macs = static_cast<double>(count) * static_cast<double>(d) * static_cast<double>(queries);
  const Ceiling rate = whole ? Ceiling::int8 : Ceiling::fma;
  const bool from_memory =
      bytes / ceilings().read_bytes > macs / (rate == Ceiling::int8 ? ceilings().int8 : ceilings().fma);
  std::vector<double> shares;
  for (auto _ : state) {
    const double floor_seconds = from_memory ? bytes / rate_now(Ceiling::read) : macs / rate_now(rate);
    const auto start = std::chrono::steady_clock::now();
    if (!backend->scan_smallest(*held, job, hits.view(), counts)) std::abort();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    state.SetIterationTime(seconds);
    shares.push_back(floor_seconds / seconds);
  }
  std::nth_element(shares.begin(), shares.begin() + static_cast<std::ptrdiff_t>(shares.size() / 2),
                   shares.end());
  state.SetBytesProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * bytes));
  state.counters["queries_per_s"] =
      benchmark::Counter(static_cast<double>(queries), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["share_of_ceiling"] = shares[shares.size() / 2];
}
BENCHMARK(BM_Scan)
    ->ArgNames({"type", "N", "D", "queries"})
    ->Args({2, 1'000'000, 256, 1})
    ->Args({3, 1'000'000, 256, 1})
    ->Args({1, 500'000, 256, 1})
    ->Args({0, 250'000, 256, 1})
    ->Args({2, 262'144, 256, 128})
    ->Args({3, 262'144, 256, 128})
    ->UseManualTime()
    ->MinTime(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
