// The k items with the smallest certified lower bounds, fused with the scan of their codes.
//
// Math     scan_bounds.cuh; the k smallest (bound, item) of the allowed items
// Shapes   codes in blocks of 32 items (compute/scan_codes.hpp): fp32, fp16, int8, 4-bit; keys [queries,
// blocks, k] Geometry blocks of 256 threads stride over steps of 256 items (a warp a block of codes) for one
// query, or for four
//          that share the loaded codes; best_keys.cuh in shared memory: 8 * pow2(k + 256) bytes a query, <=
//          32 KiB
// Traffic  codes and 20 bytes of factors once per query group: int8, D=256: 276 bytes an item; keys: blocks *
// k * 8.
//          A limit shared by all blocks of a query keeps nearly every item from being written
// Work     int8: D/4 dp4a a query byte; float: D fma; 20 flop and a square root for the bound: memory-bound
// for one
//          query
// Numbers  integer products are exact; fp32 after that, covered by the queries' rounding share. Results do
// not
//          depend on timing: a shared limit only drops items that k smaller ones exist for
// Limits   k <= 3840 (256 for four queries together), items < 2^32.
#include "best_keys.cuh"
#include "scan_bounds.cuh"

namespace learndock::cuda {
namespace {

template <std::uint32_t kType, std::uint32_t kBytes, std::uint32_t kQueries>
__global__ void __launch_bounds__(kScanThreads)
    scan_smallest_kernel(ScanSmallest job, std::uint32_t capacity) {
  LEARNDOCK_DYNAMIC_SHARED(std::uint64_t, keys);
  __shared__ std::uint32_t sizes[kQueries], limits[kQueries];
  const std::uint32_t group = blockIdx.x / job.blocks, block = blockIdx.x % job.blocks;
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  if (threadIdx.x < kQueries) {
    sizes[threadIdx.x] = 0;
    limits[threadIdx.x] = 0xffffffffU;
  }
  __syncthreads();
  const std::uint64_t code_blocks = (job.codes.count + kWarpSize - 1) / kWarpSize;
  const std::uint64_t steps = (job.codes.count + kItemsPerStep - 1) / kItemsPerStep;
  for (std::uint64_t step = block; step < steps; step += job.blocks) {
    const std::uint64_t code_block = step * (kItemsPerStep / kWarpSize) + warp;
    const std::uint64_t item = code_block * kWarpSize + lane;
    if (code_block < code_blocks) {
      float bounds[kQueries];
      scan_bounds<kType, kBytes, kQueries>(job.codes, job.queries, code_block, group, bounds);
      const bool candidate = item < job.codes.count && item_allowed(job.allowed, item);
      const float least = least_of_block(job.least, code_block);
      for (std::uint32_t j = 0; j < kQueries; ++j) {
        const bool is_item = raise_bound(least, bounds[j]);
        const std::uint64_t key = key_of(bounds[j], item);
        if (candidate && is_item && static_cast<std::uint32_t>(key >> 32) <= limits[j])
          keys[j * capacity + atomicAdd(&sizes[j], 1U)] = key;
      }
    }
    __syncthreads();
    for (std::uint32_t j = 0; j < kQueries; ++j)
      if (sizes[j] > capacity - kItemsPerStep) {
        keep_smallest(keys + j * capacity, &sizes[j], &limits[j], job.k);
        if (threadIdx.x == j) atomicMin(&job.limits[group * kQueries + j], limits[j]);
      }
    if (threadIdx.x < kQueries) {
      const std::uint32_t shared_limit = job.limits[group * kQueries + threadIdx.x];
      if (shared_limit < limits[threadIdx.x]) limits[threadIdx.x] = shared_limit;
    }
    __syncthreads();
  }
  for (std::uint32_t j = 0; j < kQueries; ++j) {
    keep_smallest(keys + j * capacity, &sizes[j], &limits[j], job.k);
    const std::uint64_t list = static_cast<std::uint64_t>(group * kQueries + j) * job.blocks + block;
    for (std::uint32_t i = threadIdx.x; i < sizes[j]; i += kScanThreads)
      job.keys[list * job.k + i] = keys[j * capacity + i];
    if (threadIdx.x == 0) {
      job.sizes[list] = sizes[j];
      atomicMin(&job.limits[group * kQueries + j], limits[j]);
    }
  }
}

}  // namespace

cudaError_t launch_scan_smallest(const ScanSmallest& job, cudaStream_t stream) {
  const std::uint64_t most = job.queries.at_once == 1 ? kMostSmallest : kMostSmallestTogether;
  if (job.k == 0 || job.k > most || job.codes.count >> 32 != 0) return cudaErrorInvalidValue;
  if (job.queries.groups == 0 || job.blocks == 0) return cudaSuccess;
  const std::uint32_t capacity = best_keys_capacity(job.k);
  const unsigned grid = job.queries.groups * job.blocks;
  const std::size_t shared_bytes = std::size_t{capacity} * 8 * job.queries.at_once;
  return with_code_type(job.codes, job.queries, [&](auto type, auto bytes, auto queries) {
    auto* const kernel =
        &scan_smallest_kernel<decltype(type)::value, decltype(bytes)::value, decltype(queries)::value>;
    const ScanSmallest copy = job;
    LEARNDOCK_LAUNCH(kernel, grid, kScanThreads, shared_bytes, stream, copy, capacity);
    return cudaGetLastError();
  });
}

}  // namespace learndock::cuda
