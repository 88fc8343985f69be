#pragma once

namespace learndock::bench {

/// Runs all registered benchmarks with the machine, compiler, commit and ceilings in the JSON's context.
int run_benchmarks(int argc, char** argv);

}  // namespace learndock::bench
