// Every item whose certified lower bound is at most a threshold, in item order, fused with the scan of the
// codes.
//
// Math     scan_bounds.cuh; bound <= threshold of the query
// Shapes   codes as scan_smallest.cu; found [queries, chunks, 2048]; out [queries, capacity]
// Geometry one block of 256 threads per (query group, chunk of 2048 items), then one per query to place the
// chunks,
//          then one per (query, chunk) to move what was found
// Traffic  codes and factors once per query group; 16 bytes an item found
// Work     as scan_smallest.cu
// Numbers  as scan_smallest.cu; positions come from ballots and prefix sums, not from atomics: item order
// Limits   query groups * chunks < 2^31, items < 2^32; the host works in parts. Speed on a device: not yet
// measured
#include "scan_bounds.cuh"

namespace learndock::cuda {
namespace {

constexpr unsigned kWarps = kScanThreads / kWarpSize;

template <std::uint32_t kType, std::uint32_t kBytes, std::uint32_t kQueries>
__global__ void __launch_bounds__(kScanThreads) scan_within_kernel(ScanWithin job) {
  __shared__ std::uint32_t votes[kQueries][kWarps];
  const auto group = static_cast<std::uint32_t>(blockIdx.x / job.chunks);
  const std::uint64_t chunk = blockIdx.x % job.chunks;
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  std::uint32_t found[kQueries] = {};  // the same in all threads
  for (std::uint64_t step = 0; step < kItemsPerChunk; step += kItemsPerStep) {
    const std::uint64_t item = (job.first_chunk + chunk) * kItemsPerChunk + step + threadIdx.x;
    float bounds[kQueries] = {};
    unsigned hits[kQueries];
    if (item - lane < job.codes.count)
      scan_bounds<kType, kBytes, kQueries>(job.codes, job.queries, item / kWarpSize, group, bounds);
    const bool candidate = item < job.codes.count && item_allowed(job.allowed, item);
    const float least = candidate ? least_of_block(job.least, item / kWarpSize) : 0.0F;
    for (std::uint32_t j = 0; j < kQueries; ++j) {
      const bool is_item = raise_bound(least, bounds[j]);
      hits[j] =
          __ballot_sync(kFullWarp, candidate && is_item && bounds[j] <= job.thresholds[group * kQueries + j]);
      if (lane == 0) votes[j][warp] = static_cast<std::uint32_t>(__popc(hits[j]));
    }
    __syncthreads();
    for (std::uint32_t j = 0; j < kQueries; ++j) {
      std::uint32_t before = found[j] + static_cast<std::uint32_t>(__popc(hits[j] & ((1U << lane) - 1U)));
      for (unsigned other = 0; other < kWarps; ++other) {
        if (other < warp) before += votes[j][other];
        found[j] += votes[j][other];
      }
      const std::uint64_t slab = (group * kQueries + j) * job.chunks + chunk;
      if ((hits[j] >> lane & 1U) != 0) job.found[slab * kItemsPerChunk + before] = key_of(bounds[j], item);
    }
    __syncthreads();
  }
  if (threadIdx.x == 0)
    for (std::uint32_t j = 0; j < kQueries; ++j)
      job.counts[(group * kQueries + j) * job.chunks + chunk] = found[j];
}

/// offsets[query, chunk] = hits of the query in earlier chunks; totals[query] = all of them.
__global__ void __launch_bounds__(kScanThreads) place_chunks_kernel(ScanWithin job) {
  __shared__ std::uint64_t warp_totals[kWarps];
  const unsigned warp = threadIdx.x / kWarpSize, lane = threadIdx.x % kWarpSize;
  const std::uint64_t row = blockIdx.x * job.chunks;
  std::uint64_t total = 0;
  for (std::uint64_t first = 0; first < job.chunks; first += kScanThreads) {
    const std::uint64_t chunk = first + threadIdx.x;
    const std::uint64_t count = chunk < job.chunks ? job.counts[row + chunk] : 0;
    std::uint64_t sum = count;
    for (unsigned distance = 1; distance < kWarpSize; distance *= 2) {
      const std::uint64_t other = __shfl_up_sync(kFullWarp, sum, distance);
      if (lane >= distance) sum += other;
    }
    if (lane == kWarpSize - 1) warp_totals[warp] = sum;
    __syncthreads();
    std::uint64_t before = total + sum - count;
    for (unsigned other = 0; other < kWarps; ++other) {
      if (other < warp) before += warp_totals[other];
      total += warp_totals[other];
    }
    if (chunk < job.chunks) job.offsets[row + chunk] = before;
    __syncthreads();
  }
  if (threadIdx.x == 0) job.totals[blockIdx.x] = total;
}

__global__ void __launch_bounds__(kScanThreads) move_found_kernel(ScanWithin job) {
  const std::uint64_t slab = blockIdx.x, query = slab / job.chunks;
  const std::uint64_t offset = job.offsets[slab], count = job.counts[slab];
  for (std::uint64_t i = threadIdx.x; i < count && offset + i < job.capacity; i += kScanThreads)
    job.out[query * job.capacity + offset + i] = job.found[slab * kItemsPerChunk + i];
}

}  // namespace

cudaError_t launch_scan_within(const ScanWithin& job, cudaStream_t stream) {
  const std::uint64_t queries = static_cast<std::uint64_t>(job.queries.groups) * job.queries.at_once;
  if (job.codes.count >> 32 != 0 || (queries != 0 && job.chunks >= (std::uint64_t{1} << 31) / queries))
    return cudaErrorInvalidValue;
  if (queries == 0 || job.chunks == 0) return cudaSuccess;
  const ScanWithin copy = job;
  const auto scan_grid = static_cast<unsigned>(job.queries.groups * job.chunks);
  const auto query_grid = static_cast<unsigned>(queries),
             slab_grid = static_cast<unsigned>(queries * job.chunks);
  const cudaError_t status = with_code_type(job.codes, job.queries, [&](auto type, auto bytes, auto at_once) {
    auto* const kernel =
        &scan_within_kernel<decltype(type)::value, decltype(bytes)::value, decltype(at_once)::value>;
    LEARNDOCK_LAUNCH(kernel, scan_grid, kScanThreads, 0, stream, copy);
    return cudaGetLastError();
  });
  if (status != cudaSuccess) return status;
  LEARNDOCK_LAUNCH(place_chunks_kernel, query_grid, kScanThreads, 0, stream, copy);
  LEARNDOCK_LAUNCH(move_found_kernel, slab_grid, kScanThreads, 0, stream, copy);
  return cudaGetLastError();
}

}  // namespace learndock::cuda
