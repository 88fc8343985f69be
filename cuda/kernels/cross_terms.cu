// Cross terms of queries and stored reduced sets, all pairs or chosen ones, Gaussian kernel.
//
// Math     out(q, s) = sum_i b_i sum_j c_j k(z_i, u_j) over the rows z of set s and u of query q
// Shapes   sets and queries packed in blocks of 32 rows (compute/packed_sets.hpp), fp32; out f64
// Geometry all pairs: one block of 256 threads per (query, tile of consecutive sets), queries fastest so that
// a
//          tile's rows stay in L2; chosen pairs: one block per pair. A warp owns 32 rows; 2 KiB of shared
//          memory
// Traffic  reads 4(d+1) bytes a row of the tile once per query from L2, and once from memory; the query's
// rows by
//          broadcast from L1; writes 8 bytes a pair. For m=100, d=64: 26 kB per set
// Work     m*mq*(3d + 6) flop + m*mq exp per pair of sets; tensor: 6 (or 12) d flop on tensor cores instead
// of 3d.
//          For m=mq=100, d=64: 2 Mflop per set and query, 76 flop/byte at one query: compute-bound
// Numbers  direct: differences, no cancellation. Tensor: |x|^2+|y|^2-2xy of centred rows with products as in
//          tensor_tile.cuh. Sums of 8 terms in fp32, then fp64 in a fixed order: same bits run to run
// Limits   a tile's sets are at most 225 rows, or one set of any size; queries * tiles < 2^31; tensor from
//          compute capability 8.0. Speed on a device: not yet measured
#include "set_sums.cuh"

namespace learndock::cuda {
namespace {

template <class Rows>
__global__ void __launch_bounds__(kSetThreads) cross_terms_kernel(CrossTerms job) {
  const std::uint64_t query = blockIdx.x % job.queries.count;
  const std::uint64_t tile = job.first_tile + blockIdx.x / job.queries.count;
  const std::uint64_t first_set = job.tile_sets[tile], last_set = job.tile_sets[tile + 1];
  sum_sets<Rows>(job.sets, first_set, last_set, job.queries, job.queries.starts[query],
                 job.queries.starts[query + 1], job.kernel,
                 job.out + query * job.out_stride + first_set - job.first_set);
}

template <class Rows>
__global__ void __launch_bounds__(kSetThreads) cross_pairs_kernel(CrossPairs job) {
  const std::uint64_t pair_idx = blockIdx.x;
  const DevicePair pair = job.pairs[pair_idx];
  sum_sets<Rows>(job.sets, pair.set, pair.set + 1, job.queries, job.queries.starts[pair.query],
                 job.queries.starts[pair.query + 1], job.kernel, job.out + pair_idx);
}

}  // namespace

cudaError_t launch_cross_terms(const CrossTerms& job, RowMethod method, cudaStream_t stream) {
  if (job.tiles == 0 || job.queries.count == 0) return cudaSuccess;
  if (job.tiles > kMostBlocks / job.queries.count) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(job.tiles * job.queries.count);
  return with_rows(method, [&](auto rows) {
    auto* const kernel = &cross_terms_kernel<decltype(rows)>;
    const CrossTerms copy = job;
    LEARNDOCK_LAUNCH(kernel, grid, kSetThreads, 0, stream, copy);
    return cudaGetLastError();
  });
}

cudaError_t launch_cross_pairs(const CrossPairs& job, RowMethod method, cudaStream_t stream) {
  if (job.count == 0) return cudaSuccess;
  if (job.count > kMostBlocks) return cudaErrorInvalidValue;
  const auto grid = static_cast<unsigned>(job.count);
  return with_rows(method, [&](auto rows) {
    auto* const kernel = &cross_pairs_kernel<decltype(rows)>;
    const CrossPairs copy = job;
    LEARNDOCK_LAUNCH(kernel, grid, kSetThreads, 0, stream, copy);
    return cudaGetLastError();
  });
}

}  // namespace learndock::cuda
