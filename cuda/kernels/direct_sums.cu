// Kernel sums of reduced sets against landmarks in fp64: the first half of a projection.
//
// Math     out(i, s) = sum_j b_j k(z_s, x_j) over the rows j of set i, k Gaussian of one or several scales
// Shapes   landmarks [d, S] f64, one coordinate of all beside each other; the sets' rows [rows, d] f64
//          row-major, one set after the other; out [sets, S] f64
// Geometry a block of 128 threads per (set, 128 landmarks), landmarks fastest so that a set's rows stay in
// L2.
//          A thread owns one landmark and works on 8 rows at once. Shared memory: 32 coordinates of 8 rows
//          (2 KiB)
// Traffic  a landmark's coordinate is read once for 8 rows, by neighbouring threads side by side, from L1 and
//          L2; a row once for 128 landmarks; writes 8 bytes a set and landmark
// Work     per row and landmark 3d flop and one exponential, fp64. fp64 is slow on devices made for graphics;
//          certificates need it
// Numbers  direct differences. Rows are added in turn in groups of 128, groups in turn again, as
//          compute::direct_error allows, in a fixed order: same bits run to run
// Limits   sets * ceil(S / 128) < 2^31; the host works in parts. Speed on a device: not yet measured
#include "../portable.cuh"
#include "over_scales.cuh"
#include "projection.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kLandmarks = 128, kTogether = 8, kCoordinates = 32;
static_assert(kSummed % kTogether == 0, "groups of terms end where rows worked on together do");

using RowSlab = double[kCoordinates][kTogether];

/// Coordinates [k0, k0 + kCoordinates) of rows [first, end), by all threads; what is outside becomes zero.
__device__ void load_rows(const DirectSums& job, std::uint64_t first, std::uint64_t end, std::uint64_t k0,
                          RowSlab& slab) {
  for (unsigned index = threadIdx.x; index < kCoordinates * kTogether; index += kLandmarks) {
    const unsigned row = index / kCoordinates, k = index % kCoordinates;
    const bool inside = first + row < end && k0 + k < job.dimension;
    slab[k][row] = inside ? job.points[(first + row) * job.dimension + k0 + k] : 0.0;
  }
}

/// squared[r] += the squared distances of the slab's coordinates from those of landmark s.
__device__ __forceinline__ void add_squares(const DirectSums& job, const RowSlab& slab, std::uint64_t k0,
                                            std::uint64_t s, double (&squared)[kTogether]) {
  const std::uint64_t left = job.dimension - k0;
  const auto count = static_cast<unsigned>(left < kCoordinates ? left : kCoordinates);
  const double* __restrict__ landmark = job.landmarks + k0 * job.count + s;
  for (unsigned k = 0; k < count; ++k, landmark += job.count) {
    const double z = *landmark;
    LEARNDOCK_UNROLL()
    for (unsigned r = 0; r < kTogether; ++r) {
      const double difference = z - slab[k][r];
      squared[r] = fma(difference, difference, squared[r]);
    }
  }
}

__global__ void __launch_bounds__(kLandmarks) direct_sums_kernel(DirectSums job, std::uint64_t tiles) {
  __shared__ RowSlab slab;
  const std::uint64_t set = blockIdx.x / tiles, s = blockIdx.x % tiles * kLandmarks + threadIdx.x;
  const std::uint64_t begin = job.starts[set], end = job.starts[set + 1];
  const bool active = s < job.count;
  double total = 0, group = 0;
  for (std::uint64_t first = begin; first < end; first += kTogether) {
    double squared[kTogether] = {};
    for (std::uint64_t k0 = 0; k0 < job.dimension; k0 += kCoordinates) {
      __syncthreads();  // everyone has read the slab before
      load_rows(job, first, end, k0, slab);
      __syncthreads();
      if (active) add_squares(job, slab, k0, s, squared);
    }
    LEARNDOCK_UNROLL()
    for (unsigned r = 0; r < kTogether; ++r)
      if (first + r < end)  // the same for the whole block
        group =
            fma(job.weights[first + r], over_scales(exp(-job.gamma * squared[r]), job.scales).kernel, group);
    if ((first + kTogether - begin) % kSummed != 0) continue;
    total += group;
    group = 0;
  }
  if (active) job.out[set * job.count + s] = total + group;
}

}  // namespace

cudaError_t launch_direct_sums(const DirectSums& job, cudaStream_t stream) {
  const std::uint64_t tiles = (job.count + kLandmarks - 1) / kLandmarks;
  if (tiles == 0 || job.sets == 0) return cudaSuccess;
  if (tiles > kMostBlocks / job.sets) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(tiles * job.sets);
  const DirectSums copy = job;
  LEARNDOCK_LAUNCH(direct_sums_kernel, grid, kLandmarks, 0, stream, copy, tiles);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
