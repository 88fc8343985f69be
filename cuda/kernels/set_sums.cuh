#pragma once
// One reduced set against a range of rows of another packed collection by direct difference, which cannot
// cancel: the inner loop of chosen cross terms and of self terms.
//
// Eight kernel values are summed in fp32, groups of eight in fp64, in a fixed order: same bits run to run.
#include "kernel_value.cuh"

namespace learndock::cuda {

inline constexpr unsigned kSetThreads = 256, kSetWarps = kSetThreads / kWarpSize;
inline constexpr std::uint32_t kGroupColumns = 8;
/// Coordinates added up before they join the total: rounding then grows with d / kSlab instead of d.
inline constexpr std::uint64_t kSumSlab = 16;

__device__ __forceinline__ void add_squares(const float* __restrict__ row, const float* __restrict__ col,
                                            std::uint64_t count, float (&squared)[kGroupColumns]) {
  float part[kGroupColumns] = {};
  for (std::uint64_t k = 0; k < count; ++k) {
    const float x = row[k * kRowsPerBlock];
    const float4 low = *reinterpret_cast<const float4*>(col + k * kRowsPerBlock);
    const float4 high = *reinterpret_cast<const float4*>(col + k * kRowsPerBlock + 4);
    const float y[kGroupColumns] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
    for (std::uint32_t j = 0; j < kGroupColumns; ++j) part[j] = fmaf(x - y[j], x - y[j], part[j]);
  }
  for (std::uint32_t j = 0; j < kGroupColumns; ++j) squared[j] += part[j];
}

/// Lane i of the warp gets the sum of row i of the block: over c in [first, last) of cols.weights[c] * k(row,
/// c).
__device__ inline double row_sum(const DeviceSets& rows, std::uint64_t block, const DeviceSets& cols,
                                 std::uint64_t first, std::uint64_t last, const DeviceKernel& kernel) {
  const std::uint64_t dimension = rows.dimension;
  const float* __restrict__ row = rows.points + block * dimension * kRowsPerBlock + threadIdx.x % kWarpSize;
  double sum = 0;
  for (std::uint64_t base = first / kGroupColumns * kGroupColumns; base < last; base += kGroupColumns) {
    // Eight neighbouring rows lie beside each other in their block, so all lanes read the same 32 bytes.
    const float* __restrict__ col =
        cols.points + base / kRowsPerBlock * dimension * kRowsPerBlock + base % kRowsPerBlock;
    float squared[kGroupColumns] = {};
    for (std::uint64_t k = 0; k < dimension; k += kSumSlab)
      add_squares(row + k * kRowsPerBlock, col + k * kRowsPerBlock,
                  dimension - k < kSumSlab ? dimension - k : kSumSlab, squared);
    float part = 0;
    for (std::uint32_t j = 0; j < kGroupColumns; ++j) {
      const bool inside = base + j >= first && base + j < last;
      if (inside) part = fmaf(cols.weights[base + j], kernel_value(kernel, squared[j]), part);
    }
    sum += static_cast<double>(part);
  }
  return sum;
}

/// The cross term of a set and the columns [first_col, last_col), by a whole block of kSetThreads threads;
/// the first thread gets it.
__device__ inline double set_sum(const DeviceSets& sets, std::uint64_t set, const DeviceSets& cols,
                                 std::uint64_t first_col, std::uint64_t last_col,
                                 const DeviceKernel& kernel) {
  __shared__ double of_warps[kSetWarps];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  const std::uint64_t first_row = sets.starts[set], last_row = sets.starts[set + 1];
  double mine = 0;
  for (std::uint64_t block = first_row / kRowsPerBlock + warp; block * kRowsPerBlock < last_row;
       block += kSetWarps) {
    const std::uint64_t row = block * kRowsPerBlock + lane;
    const double value = row_sum(sets, block, cols, first_col, last_col, kernel);
    if (row >= first_row && row < last_row) mine += value * static_cast<double>(sets.weights[row]);
  }
  mine = warp_sum(mine);
  if (lane == 0) of_warps[warp] = mine;
  __syncthreads();
  double sum = 0;
  if (threadIdx.x == 0)
    for (const double part : of_warps) sum += part;
  return sum;
}

}  // namespace learndock::cuda
