#pragma once

#include "device_types.hpp"

#include <cuda_runtime.h>

namespace learndock::cuda {

/// out[q * out_stride + s] = the sum of row_values[q * row_stride + r - first_row] over the rows r of set
/// first_set + s, for q < queries and s < sets_count: row sums (row_sums.hpp) become cross terms.
struct SetTotals {
  DeviceSets sets;
  std::uint64_t first_set = 0, sets_count = 0, queries = 0;
  const double* row_values = nullptr;
  std::uint64_t first_row = 0, row_stride = 0;
  std::uint64_t out_stride = 0;
  double* out = nullptr;
};
/// Declines (cudaErrorInvalidValue) when queries * ceil(sets_count / 8) is not below 2^31.
[[nodiscard]] cudaError_t launch_set_totals(const SetTotals& job, cudaStream_t stream);

}  // namespace learndock::cuda
