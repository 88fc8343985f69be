// Cross terms of queries and stored reduced sets: of all pairs from row sums, of chosen pairs from the rows.
//
// Math     out(q, s) = sum_i b_i sum_j c_j k(z_i, u_j) over the rows z of set s and u of query q
// Shapes   sets and queries packed in blocks of 32 rows (compute/packed_sets.hpp), fp32; row values, out f64
// Geometry all pairs: a warp per (query, set), 8 a block; chosen pairs: one block of 256 threads per pair, a
//          warp owns 32 rows; 64 bytes of shared memory
// Traffic  all pairs: 8 bytes a row and query, from L2 where the host's parts fit it. Chosen pairs: 4(d+1)
//          bytes a row of the set, the query's rows by broadcast from L1
// Work     chosen pairs: m*mq*(3d + 6) flop + m*mq exp each
// Numbers  chosen pairs: differences, no cancellation; sums of 8 terms in fp32. fp64 otherwise, in a fixed
//          order: same bits run to run
// Limits   below 2^31 blocks of threads
#include "cross_terms.hpp"
#include "row_sums.hpp"
#include "set_sums.cuh"

namespace learndock::cuda {
namespace {

__global__ void __launch_bounds__(kSetThreads) set_totals_kernel(SetTotals job) {
  const std::uint64_t query = blockIdx.x % job.queries;
  const std::uint64_t set = blockIdx.x / job.queries * kSetWarps + threadIdx.x / kWarpSize;
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

__global__ void __launch_bounds__(kSetThreads) cross_pairs_kernel(CrossPairs job) {
  const std::uint64_t pair_idx = blockIdx.x;
  const DevicePair pair = job.pairs[pair_idx];
  const double sum = set_sum(job.sets, pair.set, job.queries, job.queries.starts[pair.query],
                             job.queries.starts[pair.query + 1], job.kernel);
  if (threadIdx.x == 0) job.out[pair_idx] = sum;
}

}  // namespace

cudaError_t launch_set_totals(const SetTotals& job, cudaStream_t stream) {
  const std::uint64_t groups = (job.sets_count + kSetWarps - 1) / kSetWarps;
  if (groups == 0 || job.queries == 0) return cudaSuccess;
  if (groups > kMostBlocks / job.queries) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(groups * job.queries);
  const SetTotals copy = job;
  LEARNDOCK_LAUNCH(set_totals_kernel, grid, kSetThreads, 0, stream, copy);
  return cudaGetLastError();
}

cudaError_t launch_cross_pairs(const CrossPairs& job, cudaStream_t stream) {
  if (job.count == 0) return cudaSuccess;
  if (job.count > kMostBlocks) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(job.count);
  const CrossPairs copy = job;
  LEARNDOCK_LAUNCH(cross_pairs_kernel, grid, kSetThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
