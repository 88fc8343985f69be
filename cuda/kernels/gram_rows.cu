// Rows of a Gaussian kernel matrix in fp64.
//
// Math     out(i, j) = k(x_i, x_j), Gaussian of one or several scales
// Shapes   points [K, d] f64 row-major; out [count, K] f64
// Geometry one thread per entry, blocks of 128 threads along rows of out
// Traffic  writes 8 bytes an entry; points from L1 and L2
// Work     3d flop + 1 exp an entry, fp64
// Numbers  direct differences: symmetric to the last bit, exactly one on the diagonal
// Limits   entries of a launch < 2^38; the host works in parts.
#include "../portable.cuh"
#include "exact_products.hpp"
#include "over_scales.cuh"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 128;

__global__ void __launch_bounds__(kThreads) gram_rows_kernel(GramRows job) {
  const std::uint64_t entry = static_cast<std::uint64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (entry >= job.count * job.rows) return;
  const double* __restrict__ x = job.points + (job.first + entry / job.rows) * job.dimension;
  const double* __restrict__ y = job.points + entry % job.rows * job.dimension;
  double squared = 0;
  for (std::uint64_t k = 0; k < job.dimension; ++k) squared += (x[k] - y[k]) * (x[k] - y[k]);
  job.out[entry] = over_scales(exp(-job.gamma * squared), job.scales).kernel;
}

}  // namespace

cudaError_t launch_gram_rows(const GramRows& job, cudaStream_t stream) {
  const std::uint64_t blocks = (job.count * job.rows + kThreads - 1) / kThreads;
  if (blocks == 0) return cudaSuccess;
  if (blocks >> 31 != 0) return cudaErrorInvalidValue;
  const GramRows copy = job;
  const auto grid = static_cast<unsigned>(blocks);
  LEARNDOCK_LAUNCH(gram_rows_kernel, grid, kThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
