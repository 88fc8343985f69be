#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// out[i * columns + j] = sum_s sums[i * inner + s] * map[j * inner + s], i < rows.
struct MapRows {
  const double* sums = nullptr;
  const double* map = nullptr;
  std::uint64_t rows = 0, columns = 0, inner = 0;
  double* out = nullptr;
};
[[nodiscard]] cudaError_t launch_map_rows(const MapRows& job, cudaStream_t stream);

}  // namespace learndock::cuda
