#pragma once

#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// Terms of a kernel sum that are added in turn; such groups are added in turn again. It is what
/// compute::direct_error counts on (compute::kSummedRows; exact_operations.cpp compares the two).
inline constexpr unsigned kSummed = 128;

/// out[i * landmarks + s] = sum over the rows j of set i of weights[j] * k(landmark s, point j), in fp64 by
/// direct difference.
struct DirectSums {
  const double* landmarks = nullptr;      ///< [dimension, landmarks]: one coordinate of all beside each other
  const double* points = nullptr;         ///< [rows of all sets, dimension]
  const double* weights = nullptr;        ///< [rows of all sets]
  const std::uint64_t* starts = nullptr;  ///< [sets + 1]: the first row of each set
  std::uint64_t sets = 0, count = 0, dimension = 0;  ///< `count` landmarks
  double gamma = 0;
  std::uint32_t scales = 1;
  double* out = nullptr;
};
/// Declines (cudaErrorInvalidValue) when sets * ceil(count / 128) is not below 2^31: the host works in parts.
[[nodiscard]] cudaError_t launch_direct_sums(const DirectSums& job, cudaStream_t stream);

/// out[i * columns + j] = sum_s sums[i * inner + s] * map[j * inner + s], i < rows.
struct MapRows {
  const double* sums = nullptr;
  const double* map = nullptr;
  std::uint64_t rows = 0, columns = 0, inner = 0;
  double* out = nullptr;
};
[[nodiscard]] cudaError_t launch_map_rows(const MapRows& job, cudaStream_t stream);

}  // namespace learndock::cuda
