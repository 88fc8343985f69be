// Squared norms of stored reduced sets in the kernel's space.
//
// Math     out[i] = sum_a sum_b b_a b_b k(z_a, z_b) over the rows of set i
// Shapes   sets packed in blocks of 32 rows, fp32; out [count] f64
// Geometry one block of 256 threads per set; a warp owns 32 rows and walks over all rows of the same set
// Traffic  reads 4(d+1) bytes a row from memory once, then from L1; writes 8 bytes a set
// Work     m*m*(3d + 6) flop + m*m exp per set: the symmetry is not used, which keeps one inner loop for all
// Numbers  as the chosen pairs of cross_terms.cu
// Limits   count < 2^31; the host works in parts
#include "cross_terms.hpp"
#include "row_sums.hpp"
#include "set_sums.cuh"

namespace learndock::cuda {
namespace {

__global__ void __launch_bounds__(kSetThreads) self_terms_kernel(SelfTerms job) {
  const std::uint64_t set_idx = job.first + blockIdx.x;
  const double sum = set_sum(job.sets, set_idx, job.sets, job.sets.starts[set_idx],
                             job.sets.starts[set_idx + 1], job.kernel);
  if (threadIdx.x == 0) job.out[blockIdx.x] = sum;
}

}  // namespace

cudaError_t launch_self_terms(const SelfTerms& job, cudaStream_t stream) {
  if (job.count == 0) return cudaSuccess;
  if (job.count > kMostBlocks) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(job.count);
  const SelfTerms copy = job;
  LEARNDOCK_LAUNCH(self_terms_kernel, grid, kSetThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
