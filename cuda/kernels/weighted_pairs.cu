// Inner products of reduced sets in fp64: what answers are made of after the fast path has chosen candidates.
//
// Math     out[p] = sum_i sum_j a_i b_j k(x_i, y_j) for each pair p of sets, k Gaussian of one or more scales
// Shapes   ragged: each pair names its rows [m, d] f64 row-major and weights
// Geometry one block of 128 threads per pair; threads stride over the rows of a, each walks over those of b
// Traffic  8(d+1) bytes a row of both; b from L1 for all threads
// Work     m*mq*(3d + 2) flop + m*mq exp, fp64
// Numbers  direct differences and fp64 sums in a fixed order: same bits run to run
// Limits   pairs < 2^31. The plain version; it is meant for the last candidates. Speed on a device: not yet
//          measured
#include "../portable.cuh"
#include "exact_products.hpp"
#include "over_scales.cuh"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 128, kWarps = kThreads / kWarpSize;

__global__ void __launch_bounds__(kThreads)
    weighted_pairs_kernel(const WeightedPair* pairs, double* __restrict__ out) {
  __shared__ double warp_sums[kWarps];
  const WeightedPair pair = pairs[blockIdx.x];
  double sum = 0;
  for (std::uint64_t i = threadIdx.x; i < pair.count_a; i += kThreads) {
    const double* __restrict__ x = pair.points_a + i * pair.dimension;
    double row = 0;
    for (std::uint64_t j = 0; j < pair.count_b; ++j) {
      const double* __restrict__ y = pair.points_b + j * pair.dimension;
      double squared = 0;
      for (std::uint64_t k = 0; k < pair.dimension; ++k) squared += (x[k] - y[k]) * (x[k] - y[k]);
      row += pair.weights_b[j] * over_scales(exp(-pair.gamma * squared), pair.scales).kernel;
    }
    sum += pair.weights_a[i] * row;
  }
  sum = warp_sum(sum);
  if (threadIdx.x % kWarpSize == 0) warp_sums[threadIdx.x / kWarpSize] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  double total = 0;
  for (unsigned warp = 0; warp < kWarps; ++warp) total += warp_sums[warp];
  out[blockIdx.x] = total;
}

}  // namespace

cudaError_t launch_weighted_pairs(const WeightedPair* pairs, std::uint64_t count, double* out,
                                  cudaStream_t stream) {
  if (count == 0) return cudaSuccess;
  if (count >> 31 != 0) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(count);
  LEARNDOCK_LAUNCH(weighted_pairs_kernel, grid, kThreads, 0, stream, pairs, out);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
