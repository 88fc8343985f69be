#pragma once

#include "held.hpp"

namespace learndock::cuda {

// The fp32 operations on packed sets. Shapes were checked by the caller. Each works in parts that fit the
// lane's workspace; device_memory only when not even the smallest part does.

[[nodiscard]] Result<void> cross_terms(const Context& context, const CudaHeldSets& sets,
                                       std::span<const compute::ReducedSetView> queries,
                                       MatrixView<double> out);

}  // namespace learndock::cuda
