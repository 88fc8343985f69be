#pragma once
// The k smallest keys a block of threads has met, in shared memory: keys are appended unordered, and when the
// next step might not fit, the list is sorted and cut to k. Which keys are dropped never depends on timing,
// so results are the same run to run.
#include "../portable.cuh"
#include "scan.hpp"

namespace learndock::cuda {

/// Keys beyond k that fit before a sort; one step appends at most kItemsPerStep.
[[nodiscard]] constexpr std::uint32_t best_keys_capacity(std::uint32_t k) {
  std::uint32_t capacity = 512;
  while (capacity < k + kItemsPerStep) capacity *= 2;
  return capacity;
}

/// Sorts ascending; `span` is a power of two. Called by all threads; ends with a barrier.
__device__ inline void sort_keys(std::uint64_t* keys, std::uint32_t span) {
  for (std::uint32_t size = 2; size <= span; size *= 2)
    for (std::uint32_t stride = size / 2; stride > 0; stride /= 2) {
      for (std::uint32_t index = threadIdx.x; index < span / 2; index += kScanThreads) {
        const std::uint32_t low = index / stride * stride * 2 + index % stride, high = low + stride;
        const bool ascending = (low & size) == 0;
        const std::uint64_t a = keys[low], b = keys[high];
        if ((a > b) == ascending) {
          keys[low] = b;
          keys[high] = a;
        }
      }
      __syncthreads();
    }
}

/// Sorts the list and cuts it to k. Called by all threads after a barrier; ends with one. `limit` becomes the
/// ordered bound of the k-th key when there are k.
__device__ inline void keep_smallest(std::uint64_t* keys, std::uint32_t* size, std::uint32_t* limit,
                                     std::uint32_t k) {
  const std::uint32_t count = *size;
  std::uint32_t span = 64;  // at most the capacity, which is a power of two too
  while (span < count) span *= 2;
  for (std::uint32_t index = count + threadIdx.x; index < span; index += kScanThreads) keys[index] = kNoKey;
  __syncthreads();
  sort_keys(keys, span);
  if (threadIdx.x == 0) {
    *size = count < k ? count : k;
    if (count >= k) {
      const auto bound = static_cast<std::uint32_t>(keys[k - 1] >> 32);
      if (bound < *limit) *limit = bound;
    }
  }
  __syncthreads();
}

}  // namespace learndock::cuda
