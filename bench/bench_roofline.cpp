// The machine's own ceilings, which all other benchmarks are measured against.
#include "ceilings.hpp"
#include "machine.hpp"

#include <benchmark/benchmark.h>

namespace learndock::bench {
namespace {

void BM_Ceilings(benchmark::State& state) {
  const Ceilings& found = ceilings();
  for (auto _ : state) benchmark::DoNotOptimize(&found);
  state.counters["read_gb_per_s"] = found.read_bytes / 1e9;
  state.counters["copy_gb_per_s"] = found.copy_bytes / 1e9;
  state.counters["fp32_gfma_per_s"] = found.fma / 1e9;
  state.counters["gexp_per_s"] = found.exponentials / 1e9;
  state.counters["int8_gmac_per_s"] = found.int8 / 1e9;
}
BENCHMARK(BM_Ceilings)->Iterations(1);

}  // namespace
}  // namespace learndock::bench

int main(int argc, char** argv) { return learndock::bench::run_benchmarks(argc, argv); }
