#pragma once

#include "device_types.hpp"

#include <cuda_runtime.h>

namespace learndock::cuda {

/// For every query q < queries and row r in [first_block * 32, row_end):
///   values[q * stride + r - first_block * 32] = weight(r) * sum over c in query first_query + q of weight(c)
///   * k(r, c)
struct RowSums {
  DeviceSets rows, columns;  ///< centred alike
  DeviceKernel kernel;
  std::uint64_t first_block = 0, row_end = 0;
  std::uint64_t first_query = 0, queries = 0;
  std::uint64_t widest = 0;  ///< rows of the largest of these queries
  std::uint64_t stride = 0;  ///< at least row_end - first_block * 32
  double* values = nullptr;
};
/// Declines (cudaErrorInvalidValue) when queries * ceil(rows / 256) is not below 2^31: the host works in
/// parts.
[[nodiscard]] cudaError_t launch_row_sums(const RowSums& job, cudaStream_t stream);

}  // namespace learndock::cuda
