// Merges the lists that the blocks of a smallest-bound scan left into one per query.
//
// Math     the k smallest keys of all lists of a query
// Shapes   keys [queries, lists, k], sizes [queries, lists]; out [queries, k]
// Geometry one block of 256 threads per query; best_keys.cuh in shared memory, 8 * pow2(k + 256) bytes
// Traffic  reads at most lists * k * 8 bytes a query
// Work     a sort of pow2(k + 256) keys whenever the list fills
// Numbers  exact
// Limits   k <= 3840.
#include "best_keys.cuh"

namespace learndock::cuda {
namespace {

__global__ void __launch_bounds__(kScanThreads)
    merge_smallest_kernel(MergeSmallest job, std::uint32_t capacity) {
  LEARNDOCK_DYNAMIC_SHARED(std::uint64_t, keys);
  __shared__ std::uint32_t size, limit;
  const std::uint64_t query = blockIdx.x;
  if (threadIdx.x == 0) {
    size = 0;
    limit = 0xffffffffU;
  }
  __syncthreads();
  const std::uint64_t entries = static_cast<std::uint64_t>(job.lists) * job.k;
  for (std::uint64_t first = 0; first < entries; first += kItemsPerStep) {
    const std::uint64_t entry = first + threadIdx.x;
    if (entry < entries) {
      // Position first, list second: every list's best come before any list's second best.
      const std::uint64_t list = query * job.lists + entry % job.lists, position = entry / job.lists;
      if (position < job.sizes[list]) {
        const std::uint64_t key = job.keys[list * job.k + position];
        if (static_cast<std::uint32_t>(key >> 32) <= limit) keys[atomicAdd(&size, 1U)] = key;
      }
    }
    __syncthreads();
    if (size > capacity - kItemsPerStep) keep_smallest(keys, &size, &limit, job.k);
    __syncthreads();
  }
  keep_smallest(keys, &size, &limit, job.k);
  for (std::uint32_t i = threadIdx.x; i < size; i += kScanThreads) job.out[query * job.k + i] = keys[i];
  if (threadIdx.x == 0) job.out_sizes[query] = size;
}

}  // namespace

cudaError_t launch_merge_smallest(const MergeSmallest& job, cudaStream_t stream) {
  if (job.k == 0 || job.k > kMostSmallest) return cudaErrorInvalidValue;
  if (job.queries == 0) return cudaSuccess;
  const std::uint32_t capacity = best_keys_capacity(job.k);
  const MergeSmallest copy = job;
  const unsigned grid = job.queries;
  const std::size_t shared_bytes = std::size_t{capacity} * 8;
  LEARNDOCK_LAUNCH(merge_smallest_kernel, grid, kScanThreads, shared_bytes, stream, copy, capacity);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
