// The nearest of K centres for every data row: the assignment step of k-means.
//
// Math     labels[x] = argmin_c |x - centre_c|^2
// Shapes   data [n, d] and centres [K, d] f32 row-major; labels [n]
// Geometry one block of 256 threads per 32 rows: lanes are rows, a warp owns 8 of 64 centres at a time; slabs
// of 32
//          coordinates of rows and centres in shared memory (12.5 KiB)
// Traffic  a row is read once from memory per 64 centres (then from L1), centres from L2
// Work     3 n K d flop: compute-bound from K of about 30
// Numbers  direct differences in fp32, so far-off data lose nothing; ties go to the lowest index
// Limits   n < 2^36; the host works in parts.
#include "../portable.cuh"
#include "nearest_centres.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 256, kWarps = kThreads / kWarpSize, kSlab = 32;
constexpr std::uint32_t kEach = 8, kAtOnce = kEach * kWarps;

/// Rows [first, first + count) and coordinates [slab, slab + 32); zero beyond the ends.
template <unsigned kRows>
__device__ void load_slab(const float* __restrict__ from, std::uint64_t first, std::uint64_t rows,
                          std::uint32_t dimension, std::uint32_t slab, float (&to)[kRows][kSlab + 1]) {
  const unsigned lane = threadIdx.x % kWarpSize;
  for (unsigned row = threadIdx.x / kWarpSize; row < kRows; row += kWarps) {
    const bool inside = first + row < rows && slab + lane < dimension;
    to[row][lane] = inside ? from[(first + row) * dimension + slab + lane] : 0.0F;
  }
}

/// squared[j] += the squared distances of the slab's coordinates between the lane's row and the warp's centre
/// j.
__device__ __forceinline__ void add_squares(const float (&rows)[kWarpSize][kSlab + 1],
                                            const float (&centres)[kAtOnce][kSlab + 1],
                                            float (&squared)[kEach]) {
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  for (unsigned c = 0; c < kSlab; ++c)
    for (std::uint32_t j = 0; j < kEach; ++j) {
      const float difference = rows[lane][c] - centres[warp * kEach + j][c];
      squared[j] = fmaf(difference, difference, squared[j]);
    }
}

__global__ void __launch_bounds__(kThreads) nearest_centres_kernel(NearestCentres job) {
  __shared__ float rows[kWarpSize][kSlab + 1], centres[kAtOnce][kSlab + 1];
  __shared__ float best_distances[kWarps][kWarpSize];
  __shared__ std::uint32_t best_labels[kWarps][kWarpSize];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  const std::uint64_t first = static_cast<std::uint64_t>(blockIdx.x) * kWarpSize;
  float best = INFINITY;
  std::uint32_t label = 0xffffffffU;
  for (std::uint32_t centre = 0; centre < job.centre_count; centre += kAtOnce) {
    float squared[kEach] = {};
    for (std::uint32_t slab = 0; slab < job.dimension; slab += kSlab) {
      load_slab(job.data, first, job.rows, job.dimension, slab, rows);
      load_slab(job.centres, centre, job.centre_count, job.dimension, slab, centres);
      __syncthreads();
      add_squares(rows, centres, squared);
      __syncthreads();
    }
    for (std::uint32_t j = 0; j < kEach; ++j) {
      const std::uint32_t candidate = centre + warp * kEach + j;
      if (candidate < job.centre_count && (squared[j] < best || label == 0xffffffffU)) {
        best = squared[j];
        label = candidate;
      }
    }
  }
  best_distances[warp][lane] = best;
  best_labels[warp][lane] = label;
  __syncthreads();
  if (warp != 0 || first + lane >= job.rows) return;
  for (unsigned other = 1; other < kWarps; ++other) {
    const float distance = best_distances[other][lane];
    const std::uint32_t candidate = best_labels[other][lane];
    if (distance < best || (distance == best && candidate < label)) {
      best = distance;
      label = candidate;
    }
  }
  job.labels[first + lane] = label;
}

}  // namespace

cudaError_t launch_nearest_centres(const NearestCentres& job, cudaStream_t stream) {
  if (job.rows == 0) return cudaSuccess;
  const std::uint64_t blocks = (job.rows + kWarpSize - 1) / kWarpSize;
  if (blocks >> 31 != 0) return cudaErrorInvalidValue;
  const NearestCentres copy = job;
  const auto grid = static_cast<unsigned>(blocks);
  LEARNDOCK_LAUNCH(nearest_centres_kernel, grid, kThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
