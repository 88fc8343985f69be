// The CUDA backend on the shapes of the CPU's benchmarks. Times are those of whole calls, with the copies of
// queries and results that a caller waits for; held sets and codes stay on the device.
#include "learndock/compute/registry.hpp"

#include "machine.hpp"
#include "support/generators.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <tuple>

namespace learndock::bench {
namespace {

using compute::Backend;
using compute::CodeType;
using compute::PackedSets;
using compute::ReducedSetView;

template <class T>
T required(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::abort();
}
void required(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", describe(result.error()).c_str());
  std::abort();
}

const Backend& device() {
  static const std::shared_ptr<const Backend> backend = required(compute::open_backend("cuda"));
  return *backend;
}

/// Sets of which only 64 differ; each has memory of its own once packed.
struct Market {
  std::vector<testing::WeightedSet> distinct;
  std::vector<ReducedSetView> views;
  std::optional<PackedSets> packed;
  std::shared_ptr<const compute::HeldSets> held;

  Market(std::size_t count, std::size_t m, std::size_t d) {
    const double gamma = 0.5 / static_cast<double>(d);
    for (std::size_t i = 0; i < std::min<std::size_t>(count, 64); ++i)
      distinct.push_back(testing::random_set({m, d, gamma, 0, 1, false}, i));
    for (std::size_t i = 0; i < count; ++i) views.push_back(distinct[i % distinct.size()].view());
    packed = required(PackedSets::pack(views, {gamma, 1}, std::vector<double>(d, 0.0)));
    held = required(device().hold(packed->view()));
  }
};

/// What was made last is kept: a benchmark's function is called once for every repetition and more.
template <class Made, class... Arguments>
const Made& kept(const Arguments&... arguments) {
  static std::tuple<Arguments...> wanted;
  static std::unique_ptr<const Made> made;
  if (made && wanted == std::tuple(arguments...)) return *made;
  made.reset();  // before the next one takes memory
  made = std::make_unique<const Made>(arguments...);
  wanted = std::tuple(arguments...);
  return *made;
}

void require_close(double have, double want, const char* what) {
  if (std::abs(have - want) <= 1e-4 * std::abs(want) + 1e-6) return;
  std::fprintf(stderr, "%s: %.9g, the reference says %.9g\n", what, have, want);
  std::abort();
}

void BM_CudaCrossTerms(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)), m = static_cast<std::size_t>(state.range(1)),
             d = static_cast<std::size_t>(state.range(2)), queries = static_cast<std::size_t>(state.range(3));
  const Market& market = kept<Market>(count, m, d);
  const std::vector<ReducedSetView> query_views(queries, market.distinct[1].view());
  Matrix<double> out(queries, count);
  required(device().cross_terms(*market.held, query_views, out.view()));
  double want = 0;
  const auto reference = required(compute::open_backend("cpu_reference"));
  required(reference->inner_products(query_views[0], std::span(market.views).first(1), {&want, 1}));
  require_close(out(0, 0), want, "cross term");
  for (auto _ : state) required(device().cross_terms(*market.held, query_views, out.view()));
  const double pairs = static_cast<double>(count * queries) * static_cast<double>(m * m);
  state.counters["gexp_per_s"] =
      benchmark::Counter(pairs / 1e9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["product_tflop_per_s"] = benchmark::Counter(2 * pairs * static_cast<double>(d) / 1e12,
                                                             benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_CudaCrossTerms)
    ->ArgNames({"N", "m", "d", "queries"})
    ->Args({100'000, 100, 16, 1})
    ->Args({100'000, 100, 64, 1})
    ->Args({100'000, 100, 64, 8})
    ->Args({1'000'000, 20, 20, 1})
    ->Args({10'000, 100, 512, 8})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// Codes of which only 1,000 differ, and the embeddings they were made of.
struct CodedMarket {
  std::vector<Matrix<double>> points;
  std::vector<compute::EmbeddingView> views;
  compute::ScanCodes codes;
  std::shared_ptr<const compute::HeldCodes> held;

  CodedMarket(CodeType type, std::size_t count, std::size_t d) : codes(type, d) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      points.push_back(testing::random_set({1, d, 0.1, 0, 0.05, false}, i).points);
      double norm = 0.01;
      for (const double value : points.back().values()) norm += value * value;
      views.push_back({points.back().values(), 0.1, norm});
    }
    for (std::size_t i = 0; i < count; ++i) required(codes.add(views[i % views.size()]));
    held = required(device().hold(codes.view()));
  }
};

void BM_CudaScan(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(1)), d = static_cast<std::size_t>(state.range(2)),
             queries = static_cast<std::size_t>(state.range(3));
  const CodedMarket& market = kept<CodedMarket>(static_cast<CodeType>(state.range(0)), count, d);
  const compute::ScanJob job{std::span(market.views).first(queries), nullptr, queries == 1 ? 2U : 1U};
  Matrix<compute::ScanHit> hits(queries, 100);
  std::vector<std::size_t> found(queries);
  required(device().scan_smallest(*market.held, job, hits.view(), found));
  if (found[0] != 100 || hits(0, 0).item != 0) std::abort();  // item 0 is the first query itself
  for (auto _ : state) required(device().scan_smallest(*market.held, job, hits.view(), found));
  const auto passes = static_cast<double>(queries == 1 ? 1 : (queries + 3) / 4);
  const compute::ScanCodesView view = market.codes.view();
  state.counters["gb_per_s"] =
      benchmark::Counter(passes * static_cast<double>(view.blocks() * (view.block_bytes() + 640)) / 1e9,
                         benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_CudaScan)
    ->ArgNames({"type", "N", "D", "queries"})
    ->Args({2, 2'000'000, 256, 1})
    ->Args({2, 2'000'000, 256, 64})
    ->Args({3, 2'000'000, 256, 1})
    ->Args({3, 2'000'000, 256, 64})
    ->Args({2, 10'000, 256, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_CudaProjectFp64(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)), m = static_cast<std::size_t>(state.range(1)),
             d = static_cast<std::size_t>(state.range(2)),
             landmarks = static_cast<std::size_t>(state.range(3));
  const Market& market = kept<Market>(count, m, d);
  const auto points = testing::random_set({landmarks, d}, 5), map = testing::random_set({256, landmarks}, 6);
  Matrix<double> out(count, 256);
  const compute::Projection projection{
      points.points.view(), map.points.view(), {0.5 / static_cast<double>(d), 1}};
  required(device().project(market.views, projection, out.view()));
  for (auto _ : state) required(device().project(market.views, projection, out.view()));
  state.counters["learnwares_per_s"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_CudaProjectFp64)
    ->ArgNames({"N", "m", "d", "landmarks"})
    ->Args({8'192, 100, 20, 1024})
    ->Args({8'192, 100, 64, 2048})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void BM_CudaReductionSums(benchmark::State& state) {
  const auto jobs_count = static_cast<std::size_t>(state.range(0)),
             n = static_cast<std::size_t>(state.range(1)), k = static_cast<std::size_t>(state.range(2)),
             d = static_cast<std::size_t>(state.range(3));
  const auto data = testing::random_data(n, d, 1);
  const auto points = testing::random_set({k, d}, 2);
  std::vector<std::vector<double>> kernel(jobs_count, std::vector<double>(k));
  std::vector<Matrix<double>> slope_point(jobs_count, Matrix<double>(k, d));
  std::vector<compute::ReductionJob> jobs;
  for (std::size_t j = 0; j < jobs_count; ++j)
    jobs.push_back({points.points.view(),
                    data.view(),
                    {0.5 / static_cast<double>(d)},
                    {kernel[j], slope_point[j].view()}});
  for (auto _ : state) required(device().reduction_sums(jobs));
  state.counters["sets_per_s"] =
      benchmark::Counter(static_cast<double>(jobs_count), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_CudaReductionSums)
    ->ArgNames({"jobs", "n", "K", "d"})
    ->Args({100, 1000, 100, 64})
    ->Args({1, 1'000'000, 100, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) {
  // Without a device there is nothing to measure; that is said, and is no failure.
  if (const auto backend = learndock::compute::open_backend("cuda"); !backend) {
    std::fprintf(stderr, "not measured: %s\n", backend.error().message.c_str());
    return 77;
  }
  return learndock::bench::run_benchmarks(argc, argv);
}
