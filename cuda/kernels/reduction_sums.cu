// Kernel sums and slope-weighted sums of data rows at the points of reduced sets, for many data sets at
// once: what every gradient step of RKME generation needs.
//
// Math     kernel[i] = sum_x k(z_i, x), slope[i] = sum_x h(z_i, x), slope_point[i] = sum_x h(z_i, x) x;
//          k Gaussian of one or several scales, h its slope (k itself for one scale)
// Shapes   data [n, d] f32 row-major, points [K, d], out [K] and [K, d] f64; all minus a centre
// Geometry one block of 256 threads per (data set, chunk of rows, 8 points): a warp owns a point, lanes are
//          rows for the distances and coordinates for the sums; slabs of 32 rows x 32 coordinates in shared
//          memory (4 to 12 KiB)
// Traffic  a chunk is read twice per 8 points, from L2 after the first time; partial sums of 8 d f64 stay
//          in L2
// Work     n*K*(3d + 2d) flop + n*K exp, and 5 flop for each further scale
// Numbers  direct differences; products of 8 rows in fp32 (Value = float), then fp64 in a fixed order
// Limits   tasks < 2^31. Nothing of size n * K is held.
#include "../portable.cuh"
#include "over_scales.cuh"
#include "reduction_sums.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = kPointsAtOnce * kWarpSize;
constexpr unsigned kTileRows = 128, kSlab = 32;

__device__ __forceinline__ float gaussian(float gamma, float squared) {
  return exp2f(-1.44269504088896341F * gamma * squared);
}
__device__ __forceinline__ double gaussian(double gamma, double squared) { return exp(-gamma * squared); }

/// Rows [first, first + 32) and coordinates [slab, slab + 32), centred; zero beyond the ends. Ends with a
/// barrier.
template <class Value>
__device__ void load_slab(const ReductionTask<Value>& task, std::uint64_t first, std::uint32_t slab,
                          Value (&tile)[kWarpSize][kSlab + 1]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  const std::uint32_t c = slab + lane;
  for (unsigned row = threadIdx.x / kWarpSize; row < kWarpSize; row += kPointsAtOnce) {
    const bool inside = first + row < task.rows && c < task.dimension;
    tile[row][lane] = inside ? static_cast<Value>(task.data[(first + row) * task.dimension + c]) -
                                   static_cast<Value>(task.centre[c])
                             : Value(0);
  }
  __syncthreads();
}

/// k and h at (z of this warp, row first + lane).
template <class Value>
__device__ OverScales<Value> values_at(const ReductionTask<Value>& task, std::uint64_t first,
                                       const Value* __restrict__ point, Value (&tile)[kWarpSize][kSlab + 1]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  Value squared = 0;
  for (std::uint32_t slab = 0; slab < task.dimension; slab += kSlab) {
    load_slab(task, first, slab, tile);
    const std::uint32_t width = task.dimension - slab < kSlab ? task.dimension - slab : kSlab;
    Value part = 0;
    for (std::uint32_t c = 0; c < width; ++c) {
      const Value difference = tile[lane][c] - point[slab + c];
      part += difference * difference;
    }
    squared += part;
    __syncthreads();
  }
  if (first + lane >= task.rows) return {Value(0), Value(0)};
  return over_scales(gaussian(task.gamma, squared), task.scales);
}

/// slope_point of this warp's point += values[row] * x of rows [first, first + 32).
template <class Value>
__device__ void add_products(const ReductionTask<Value>& task, std::uint64_t first, const Value* values,
                             double* __restrict__ sums, bool wanted, Value (&tile)[kWarpSize][kSlab + 1]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  for (std::uint32_t slab = 0; slab < task.dimension; slab += kSlab) {
    load_slab(task, first, slab, tile);
    double total = 0;
    for (unsigned row = 0; row < kWarpSize; row += 8) {
      Value part = 0;
      for (unsigned i = row; i < row + 8; ++i) part += values[i] * tile[i][lane];
      total += static_cast<double>(part);
    }
    if (wanted && slab + lane < task.dimension) sums[slab + lane] += total;
    __syncthreads();
  }
}

template <class Value>
__global__ void __launch_bounds__(kThreads) reduction_sums_kernel(const ReductionTask<Value>* tasks) {
  __shared__ Value tile[kWarpSize][kSlab + 1], values[kPointsAtOnce][kTileRows];
  const ReductionTask<Value> task = tasks[blockIdx.x];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  const bool mine = warp < task.points_count;
  // A warp without a point computes the last one's values and keeps none, so that all meet every barrier.
  const std::uint64_t point_idx = mine ? warp : task.points_count - 1;
  const Value* __restrict__ point = task.points + point_idx * task.dimension;
  double* const sums = task.slope_point == nullptr ? nullptr : task.slope_point + point_idx * task.dimension;
  if (mine && sums != nullptr)
    for (std::uint32_t c = lane; c < task.dimension; c += kWarpSize) sums[c] = 0;
  double kernel_sum = 0, slope_sum = 0;
  for (std::uint64_t first = 0; first < task.rows; first += kTileRows) {
    for (unsigned part = 0; part < kTileRows; part += kWarpSize) {
      const OverScales<Value> value = values_at(task, first + part, point, tile);
      values[warp][part + lane] = value.slope;
      kernel_sum += static_cast<double>(value.kernel);
      slope_sum += static_cast<double>(value.slope);
    }
    __syncthreads();
    if (sums != nullptr)
      for (unsigned part = 0; part < kTileRows && first + part < task.rows; part += kWarpSize)
        add_products(task, first + part, values[warp] + part, sums, mine, tile);
  }
  kernel_sum = warp_sum(kernel_sum);
  slope_sum = warp_sum(slope_sum);
  if (mine && lane == 0) task.kernel[warp] = kernel_sum;
  if (mine && lane == 0 && task.slope != nullptr) task.slope[warp] = slope_sum;
}

template <class Value>
cudaError_t launch(const ReductionTask<Value>* tasks, std::uint64_t count, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  if (count >> 31 != 0) return cudaErrorInvalidValue;
  auto* const kernel = &reduction_sums_kernel<Value>;
  const auto grid = static_cast<unsigned>(count);
  LEARNDOCK_LAUNCH(kernel, grid, kThreads, 0, stream, tasks);
  return cudaGetLastError();
}

__global__ void __launch_bounds__(kThreads) partial_sums_kernel(const PartialSums* all) {
  const PartialSums sums = all[blockIdx.x];
  for (std::uint64_t i = threadIdx.x; i < sums.values; i += kThreads) {
    double total = 0;
    for (std::uint64_t chunk = 0; chunk < sums.chunks; ++chunk) total += sums.from[chunk * sums.values + i];
    sums.to[i] = total;
  }
}

}  // namespace

cudaError_t launch_reduction_sums(const ReductionTask<float>* tasks, std::uint64_t count,
                                  cudaStream_t stream) {
  return launch(tasks, count, stream);
}
cudaError_t launch_reduction_sums(const ReductionTask<double>* tasks, std::uint64_t count,
                                  cudaStream_t stream) {
  return launch(tasks, count, stream);
}

cudaError_t launch_partial_sums(const PartialSums* sums, std::uint64_t count, cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  if (count >> 31 != 0) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(count);
  LEARNDOCK_LAUNCH(partial_sums_kernel, grid, kThreads, 0, stream, sums);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
