#pragma once

#include "cross_terms.hpp"

namespace learndock::cuda {

/// sums[i * landmarks + s] = sum over the rows z of set first + i of weight * k(landmark s, z). The landmarks
/// are packed as rows (their weights are not read).
struct LandmarkSums {
  DeviceSets landmarks, sets;
  DeviceKernel kernel;
  std::uint64_t landmark_count = 0;
  std::uint64_t first = 0, count = 0;
  double* sums = nullptr;
};
[[nodiscard]] cudaError_t launch_landmark_sums(const LandmarkSums& job, RowMethod method,
                                               cudaStream_t stream);

/// out[i * columns + j] = sum_s sums[i * inner + s] * map[j * inner + s], i < rows.
struct MapRows {
  const double* sums = nullptr;
  const double* map = nullptr;
  std::uint64_t rows = 0, columns = 0, inner = 0;
  double* out = nullptr;
};
[[nodiscard]] cudaError_t launch_map_rows(const MapRows& job, cudaStream_t stream);

}  // namespace learndock::cuda
