#pragma once

#include "learndock/compute/backend.hpp"

#include "sketch/time_limit.hpp"

#include <cstdint>
#include <vector>

namespace learndock::sketch {

/// Distinct row indices, a partial Fisher-Yates shuffle: the same on every platform for one seed.
[[nodiscard]] std::vector<std::size_t> sample_rows(std::size_t rows, std::size_t count, std::uint64_t seed);

[[nodiscard]] Matrix<float> take_rows(MatrixView<const float> data, const std::vector<std::size_t>& rows);

/// Lloyd's algorithm from random rows, at most `iterations` rounds. An empty cluster's centroid becomes the
/// origin, as in the reference: its weight then comes out of the weight step, usually zero. @errors timeout
[[nodiscard]] Result<Matrix<double>> kmeans_centroids(MatrixView<const float> data, std::size_t k,
                                                      std::size_t iterations, std::uint64_t seed,
                                                      const compute::Backend& backend,
                                                      const TimeLimit& limit = {});

}  // namespace learndock::sketch
