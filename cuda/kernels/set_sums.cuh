#pragma once

#include "cross_terms.hpp"
#include "row_sums.cuh"

namespace learndock::cuda {

inline constexpr unsigned kSetThreads =
    static_cast<unsigned>(kTileRows);  // a warp for each 32 rows of a tile
inline constexpr unsigned kSetWarps = kSetThreads / kWarpSize;

/// out[s - first_set] = sum over the rows of set s of weight * kernel sum against columns [first_col,
/// last_col), for the sets [first_set, last_set), by a whole block of kSetThreads threads. Called by all of
/// them.
template <class Rows>
__device__ void sum_sets(const DeviceSets& sets, std::uint64_t first_set, std::uint64_t last_set,
                         const DeviceSets& cols, std::uint64_t first_col, std::uint64_t last_col,
                         const DeviceKernel& kernel, double* __restrict__ out) {
  __shared__ double row_values[kTileRows];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  const std::uint64_t first_row = sets.starts[first_set], last_row = sets.starts[last_set];
  // A set always belongs to the same warp, so its total is added up in one order.
  for (std::uint64_t set_idx = first_set + warp; set_idx < last_set; set_idx += kSetWarps)
    if (lane == 0) out[set_idx - first_set] = 0;
  for (std::uint64_t chunk = first_row / kRowsPerBlock * kRowsPerBlock; chunk < last_row;
       chunk += kTileRows) {
    const std::uint64_t block = chunk / kRowsPerBlock + warp, row = chunk + threadIdx.x;
    double value = 0;
    if (block * kRowsPerBlock < last_row) value = Rows::sums(sets, block, cols, first_col, last_col, kernel);
    row_values[threadIdx.x] =
        row >= first_row && row < last_row ? value * static_cast<double>(sets.weights[row]) : 0.0;
    __syncthreads();
    for (std::uint64_t set_idx = first_set + warp; set_idx < last_set; set_idx += kSetWarps) {
      const std::uint64_t from = sets.starts[set_idx], to = sets.starts[set_idx + 1];
      const std::uint64_t begin = from > chunk ? from : chunk;
      const std::uint64_t end = to < chunk + kTileRows ? to : chunk + kTileRows;
      if (begin >= end) continue;
      double sum = 0;
      for (std::uint64_t r = begin + lane; r < end; r += kWarpSize) sum += row_values[r - chunk];
      sum = warp_sum(sum);
      if (lane == 0) out[set_idx - first_set] += sum;
    }
    __syncthreads();
  }
}

/// Calls launch(Rows{}) with the version of row sums that `method` names.
template <class Launch>
cudaError_t with_rows(RowMethod method, const Launch& launch) {
  switch (method) {
    case RowMethod::tensor_two:
      return launch(TensorRows<2>{});
    case RowMethod::tensor_three:
      return launch(TensorRows<3>{});
    default:
      return launch(DirectRows{});
  }
}

inline constexpr std::uint64_t kMostBlocks = (std::uint64_t{1} << 31) - 1;

}  // namespace learndock::cuda
