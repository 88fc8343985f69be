#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// labels[x] = index of the centre nearest to row x, the lowest among equals.
struct NearestCentres {
  const float* data = nullptr;     ///< [rows, dimension]
  const float* centres = nullptr;  ///< [centre_count, dimension]
  std::uint64_t rows = 0;
  std::uint32_t centre_count = 0, dimension = 0;
  std::uint32_t* labels = nullptr;
};
[[nodiscard]] cudaError_t launch_nearest_centres(const NearestCentres& job, cudaStream_t stream);

}  // namespace learndock::cuda
