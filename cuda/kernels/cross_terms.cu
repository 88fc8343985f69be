// Cross terms of queries and stored reduced sets, from row sums.
//
// Math     out(q, s) = sum_i v(q, i) over the rows i of set s; v(q, i) = b_i sum_j c_j k(z_i, u_j) over the
//          rows u of query q, from row_sums.cu
// Shapes   sets packed in blocks of 32 rows (compute/packed_sets.hpp); row values, out f64
// Geometry a warp per (query, set), 8 a block
// Traffic  8 bytes a row and query, from L2 where the host's parts fit it
// Work     one addition a row and query
// Numbers  fp64 in a fixed order: same bits run to run
// Limits   below 2^31 blocks of threads
#include "../portable.cuh"
#include "cross_terms.hpp"

namespace learndock::cuda {
namespace {

constexpr unsigned kThreads = 256, kWarps = kThreads / kWarpSize;

__global__ void __launch_bounds__(kThreads) set_totals_kernel(SetTotals job) {
  const std::uint64_t query = blockIdx.x % job.queries;
  const std::uint64_t set = blockIdx.x / job.queries * kWarps + threadIdx.x / kWarpSize;
  if (set >= job.sets_count) return;
  const std::uint64_t begin = job.sets.starts[job.first_set + set],
                      end = job.sets.starts[job.first_set + set + 1];
  const double* __restrict__ const values = job.row_values + query * job.row_stride;
  const unsigned lane = threadIdx.x % kWarpSize;
  double sum = 0;
  for (std::uint64_t r = begin + lane; r < end; r += kWarpSize) sum += values[r - job.first_row];
  sum = warp_sum(sum);
  if (lane == 0) job.out[query * job.out_stride + set] = sum;
}

}  // namespace

cudaError_t launch_set_totals(const SetTotals& job, cudaStream_t stream) {
  const std::uint64_t groups = (job.sets_count + kWarps - 1) / kWarps;
  if (groups == 0 || job.queries == 0) return cudaSuccess;
  if (groups > kMostBlocks / job.queries) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(groups * job.queries);
  const SetTotals copy = job;
  LEARNDOCK_LAUNCH(set_totals_kernel, grid, kThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
