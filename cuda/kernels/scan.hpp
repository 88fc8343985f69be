#pragma once

#include <cstddef>
#include <cstdint>
#include <cuda_runtime.h>

namespace learndock::cuda {

/// compute::ScanCodesView on the device, in the same layout; the type as a number of compute::CodeType.
struct DeviceCodes {
  const std::uint32_t* codes = nullptr;
  const float* factors = nullptr;
  std::uint32_t type = 0;
  std::uint32_t padded_dimension = 0;
  std::uint64_t count = 0;
};

/// What turns a product into a lower bound (compute/scan_queries.hpp explains each).
struct ScanTerms {
  float step = 1, offset = 0, vector_norm = 0, vector_error = 0, residual = 0, squared_norm = 0, rounding = 0;
};

/// Queries in groups of `at_once` (1 or 4): word g of a group's query j, byte lane b, is at
/// words[((group * groups_of_words + g) * at_once + j) * bytes + b]: four signed bytes against integer codes,
/// the bits of a float against float codes. The last group is filled up with queries of no influence.
struct DeviceQueries {
  const std::uint32_t* words = nullptr;
  const ScanTerms* terms = nullptr;
  std::uint32_t words_each = 0;  ///< of one byte lane of one query
  std::uint32_t bytes = 1;
  std::uint32_t at_once = 1;
  std::uint32_t groups = 0;
};

inline constexpr unsigned kScanThreads = 256;
inline constexpr std::uint64_t kItemsPerStep = kScanThreads;
/// Longest list that scan_smallest keeps in shared memory.
inline constexpr std::uint64_t kMostSmallest = 3840;
/// Up to this length four queries share one pass over the codes.
inline constexpr std::uint64_t kMostSmallestTogether = 256;

/// A bound and its item in one number that sorts by bound, then item.
[[nodiscard]] __host__ __device__ constexpr std::uint32_t ordered_bits(std::uint32_t bits) {
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}
[[nodiscard]] __host__ __device__ constexpr std::uint32_t from_ordered_bits(std::uint32_t ordered) {
  return (ordered & 0x80000000U) != 0 ? ordered & 0x7fffffffU : ~ordered;
}
inline constexpr std::uint64_t kNoKey = ~std::uint64_t{0};

/// keys[(query * blocks + block) * k + i]: the smallest keys that each of `blocks` blocks met, of which
/// sizes[query * blocks + block] are there; `limits` [queries] are set to all ones before.
struct ScanSmallest {
  DeviceCodes codes;
  DeviceQueries queries;
  const std::uint64_t* allowed = nullptr;
  /// Of each block of codes: no item in it lies lower; infinite: it is not part of the job. Null: nothing
  /// known.
  const float* least = nullptr;
  std::uint32_t k = 0, blocks = 0;
  std::uint32_t* limits = nullptr;
  std::uint64_t* keys = nullptr;
  std::uint32_t* sizes = nullptr;
};
/// Declines k = 0 and k > kMostSmallest (kMostSmallestTogether for several queries at once).
[[nodiscard]] cudaError_t launch_scan_smallest(const ScanSmallest& job, cudaStream_t stream);

/// out[query * k + i]: the k smallest of all lists of a query, ascending; out_sizes[query] of them.
struct MergeSmallest {
  const std::uint64_t* keys = nullptr;
  const std::uint32_t* sizes = nullptr;
  std::uint32_t queries = 0, lists = 0, k = 0;
  std::uint64_t* out = nullptr;
  std::uint32_t* out_sizes = nullptr;
};
[[nodiscard]] cudaError_t launch_merge_smallest(const MergeSmallest& job, cudaStream_t stream);

/// Items of one chunk: what a block of threads looks at.
inline constexpr std::uint64_t kItemsPerChunk = 2048;

/// Every allowed item of chunks [first_chunk, first_chunk + chunks) whose bound is at most its query's
/// threshold, in item order: at most `capacity` keys in out[query * capacity], totals[query] says how many
/// there are.
struct ScanWithin {
  DeviceCodes codes;
  DeviceQueries queries;
  const std::uint64_t* allowed = nullptr;
  const float* least = nullptr;  ///< as in ScanSmallest
  const float* thresholds = nullptr;
  std::uint64_t first_chunk = 0, chunks = 0, capacity = 0;
  std::uint64_t* found = nullptr;    ///< scratch [queries * chunks * kItemsPerChunk]
  std::uint32_t* counts = nullptr;   ///< scratch [queries * chunks]
  std::uint64_t* offsets = nullptr;  ///< scratch [queries * chunks]
  std::uint64_t* out = nullptr;
  std::uint64_t* totals = nullptr;
};
[[nodiscard]] cudaError_t launch_scan_within(const ScanWithin& job, cudaStream_t stream);

}  // namespace learndock::cuda
