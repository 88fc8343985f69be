#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// k-means on the `cpu` backend. Shapes were checked by the caller.

/// Rows are cut into tasks by shape and the tasks' sums added in order: the same bits for every number of
/// threads.
void cpu_kmeans_step(std::span<const KmeansJob> jobs, unsigned threads);

}  // namespace learndock::compute
