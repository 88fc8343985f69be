#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// The fp32 operations of the `cpu` backend on packed reduced sets. Shapes were checked by the caller. Work is
// cut into tasks by shape alone, so the thread count cannot change a result.

void cpu_cross_terms(const PackedSetsView& sets, std::span<const ReducedSetView> queries,
                     MatrixView<double> out, unsigned threads);

}  // namespace learndock::compute
