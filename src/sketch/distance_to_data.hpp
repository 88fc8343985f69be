#pragma once

#include "learndock/compute/backend.hpp"

#include "sketch/joint_reducer.hpp"
#include "sketch/time_limit.hpp"

namespace learndock::sketch {

/// ||mu_fit - mu_data||^2: exact with up to `limit` rows, beyond that an unbiased estimate from a seeded
/// sample of `limit` rows, whose error shrinks with the distance itself.
/// @errors timeout
/// @cost  min(rows, limit)^2 / 2 kernel values in fp64
[[nodiscard]] Result<double> distance_to_data(MatrixView<const float> data, const compute::Kernel& kernel,
                                              const Fit& fit, std::size_t limit, std::uint64_t seed,
                                              const compute::Backend& backend, const TimeLimit& time = {});

}  // namespace learndock::sketch
