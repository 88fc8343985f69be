#include "machine.hpp"

#include "ceilings.hpp"
#include "compute/cpu/cpu_backend.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace learndock::bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  std::string line;
  while (std::getline(info, line))
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

void add(const std::string& key, double value) { benchmark::AddCustomContext(key, std::to_string(value)); }

}  // namespace

int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("processor", processor());
  benchmark::AddCustomContext("backend", compute::cpu_backend_details(0));
  benchmark::AddCustomContext("compiler", LEARNDOCK_COMPILER);
  benchmark::AddCustomContext("build", LEARNDOCK_BUILD);
  if (const char* commit = std::getenv("LEARNDOCK_COMMIT")) benchmark::AddCustomContext("commit", commit);
  const Ceilings& found = ceilings();
  add("read_gb_per_s", found.read_bytes / 1e9);
  add("copy_gb_per_s", found.copy_bytes / 1e9);
  add("fp32_gfma_per_s", found.fma / 1e9);
  add("gexp_per_s", found.exponentials / 1e9);
  add("int8_gmac_per_s", found.int8 / 1e9);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace learndock::bench
