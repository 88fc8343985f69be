#pragma once
// Weighted kernel sums of the 32 rows of one block against a range of rows of another packed collection: the
// inner loop of cross terms, self terms and projection. A warp works on one block; in both versions lane i
// returns the sum of row i of the block:
//
//   sum over c in [first, last) of cols.weights[c] * k(row i, col c)
//
// Eight kernel values are summed in fp32, groups of eight in fp64, in a fixed order: same bits run to run.
#include "../portable.cuh"
#include "device_types.hpp"
#include "over_scales.cuh"
#include "tensor_tile.cuh"

namespace learndock::cuda {

inline constexpr std::uint32_t kGroupColumns = 8;

__device__ __forceinline__ float kernel_value(const DeviceKernel& kernel, float squared) {
  return over_scales(exp2f(kernel.exponent * squared), kernel.scales).kernel;
}

/// The oracle and the fallback: distances by direct difference, which cannot cancel.
struct DirectRows {
  /// Coordinates added up before they join the total: rounding then grows with d / kSlab instead of d.
  static constexpr std::uint64_t kSlab = 16;

  static __device__ __forceinline__ void add_squares(const float* __restrict__ row,
                                                     const float* __restrict__ col, std::uint64_t count,
                                                     float (&squared)[kGroupColumns]) {
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

  static __device__ double sums(const DeviceSets& rows, std::uint64_t block, const DeviceSets& cols,
                                std::uint64_t first, std::uint64_t last, const DeviceKernel& kernel) {
    const std::uint64_t dimension = rows.dimension;
    const float* __restrict__ row = rows.points + block * dimension * kRowsPerBlock + threadIdx.x % kWarpSize;
    double sum = 0;
    for (std::uint64_t base = first / kGroupColumns * kGroupColumns; base < last; base += kGroupColumns) {
      // Eight neighbouring rows lie beside each other in their block, so all lanes read the same 32 bytes.
      const float* __restrict__ col =
          cols.points + base / kRowsPerBlock * dimension * kRowsPerBlock + base % kRowsPerBlock;
      float squared[kGroupColumns] = {};
      for (std::uint64_t k = 0; k < dimension; k += kSlab)
        add_squares(row + k * kRowsPerBlock, col + k * kRowsPerBlock,
                    dimension - k < kSlab ? dimension - k : kSlab, squared);
      float part = 0;
      for (std::uint32_t j = 0; j < kGroupColumns; ++j) {
        const bool inside = base + j >= first && base + j < last;
        if (inside) part = fmaf(cols.weights[base + j], kernel_value(kernel, squared[j]), part);
      }
      sum += static_cast<double>(part);
    }
    return sum;
  }
};

/// On tensor cores: |x|^2 + |y|^2 - 2 x'y with x'y from bf16 parts (tensor_tile.cuh). Rows must be centred.
template <int kParts>
struct TensorRows {
  static __device__ double sums(const DeviceSets& rows, std::uint64_t block, const DeviceSets& cols,
                                std::uint64_t first, std::uint64_t last, const DeviceKernel& kernel) {
    const unsigned lane = threadIdx.x % kWarpSize, group = lane / 4, pair = lane % 4;
    const std::uint64_t slab = static_cast<std::uint64_t>(rows.dimension) * kRowsPerBlock;
    const float* __restrict__ row_points = rows.points + block * slab;
    float row_norms[2][2];
    for (int tile = 0; tile < 2; ++tile)
      for (int half = 0; half < 2; ++half)
        row_norms[tile][half] = rows.squared_norms[block * kRowsPerBlock + tile * 16 + half * 8 + group];
    double sum[2][2] = {};
    for (std::uint64_t base = first / 8 * 8; base < last; base += kTileColumns) {
      float products[2][4][4] = {};
      tile_products<kParts>(row_points, cols.points, slab, base, last, rows.dimension, products);
      for (int tile = 0; tile < 2; ++tile)
        for (int half = 0; half < 2; ++half) {
          float part = 0;
          for (std::uint32_t step = 0; step < 4; ++step)
            for (std::uint32_t side = 0; side < 2; ++side) {
              const std::uint64_t col = base + step * 8 + pair * 2 + side;
              if (col < first || col >= last) continue;
              const float squared = row_norms[tile][half] + cols.squared_norms[col] -
                                    2.0F * products[tile][step][half * 2 + side];
              part = fmaf(cols.weights[col], kernel_value(kernel, fmaxf(squared, 0.0F)), part);
            }
          sum[tile][half] += static_cast<double>(part);
        }
    }
    return row_of_lane(sum);
  }

  /// Four lanes hold parts of the same row; lane i gets the total of row i.
  static __device__ double row_of_lane(double (&sum)[2][2]) {
    const unsigned lane = threadIdx.x % kWarpSize, source = lane % 8 * 4;
    double mine = 0;
    for (unsigned tile = 0; tile < 2; ++tile)
      for (unsigned half = 0; half < 2; ++half) {
        double total = sum[tile][half];
        total += __shfl_xor_sync(kFullWarp, total, 1);
        total += __shfl_xor_sync(kFullWarp, total, 2);
        const double of_row = __shfl_sync(kFullWarp, total, source);
        if (lane / 8 == tile * 2 + half) mine = of_row;
      }
    return mine;
  }
};

}  // namespace learndock::cuda
