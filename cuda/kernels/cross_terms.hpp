#pragma once

#include "device_types.hpp"

#include <cuda_runtime.h>

namespace learndock::cuda {

/// Rows a block of threads sums at a time; the host groups consecutive sets into tiles of at most
/// kTileRows - 31 rows (a larger set is a tile of its own), so that a tile needs one pass.
inline constexpr std::uint64_t kTileRows = 256;

/// How products are formed: direct differences, or tensor cores with two or three bf16 parts.
enum class RowMethod : std::uint32_t { direct = 0, tensor_two = 2, tensor_three = 3 };

/// out[query * out_stride + set - first_set] for all queries and the sets of tiles [first_tile, first_tile +
/// tiles).
struct CrossTerms {
  DeviceSets sets, queries;
  DeviceKernel kernel;
  const std::uint64_t* tile_sets = nullptr;  ///< first set of each tile, and the end
  std::uint64_t first_tile = 0, tiles = 0;
  std::uint64_t first_set = 0, out_stride = 0;
  double* out = nullptr;
};
/// Declines (cudaErrorInvalidValue) when queries.count * tiles is not below 2^31: the host works in parts.
[[nodiscard]] cudaError_t launch_cross_terms(const CrossTerms& job, RowMethod method, cudaStream_t stream);

struct DevicePair {
  std::uint64_t query, set;
};
/// out[p] for chosen pairs.
struct CrossPairs {
  DeviceSets sets, queries;
  DeviceKernel kernel;
  const DevicePair* pairs = nullptr;
  std::uint64_t count = 0;
  double* out = nullptr;
};
[[nodiscard]] cudaError_t launch_cross_pairs(const CrossPairs& job, RowMethod method, cudaStream_t stream);

/// out[i] = <mu_{first + i}, mu_{first + i}>, i < count.
struct SelfTerms {
  DeviceSets sets;
  DeviceKernel kernel;
  std::uint64_t first = 0, count = 0;
  double* out = nullptr;
};
[[nodiscard]] cudaError_t launch_self_terms(const SelfTerms& job, RowMethod method, cudaStream_t stream);

}  // namespace learndock::cuda
