#pragma once
// What a kernel file includes first. The same source is compiled by nvcc for devices, and by the host
// compiler against tests/cuda/shim, where a test executes it; the few differences of syntax are here.
#include <cstddef>
#include <cstdint>
#include <cuda_runtime.h>

#ifdef LEARNDOCK_CUDA_SHIM

#define LEARNDOCK_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                              \
  ::learndock::shim::enqueue(stream, [=] {                                                            \
    ::learndock::shim::count_launch();                                                                \
    ::learndock::shim::run_grid(dim3(grid), dim3(block), shared_bytes, [=] { kernel(__VA_ARGS__); }); \
  })
#define LEARNDOCK_DYNAMIC_SHARED(Type, name) \
  Type* const name = static_cast<Type*>(::learndock::shim::dynamic_shared())
#define LEARNDOCK_UNROLL(count)

#else

#define LEARNDOCK_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
#define LEARNDOCK_DYNAMIC_SHARED(Type, name)                        \
  extern __shared__ __align__(16) unsigned char learndock_shared[]; \
  Type* const name = reinterpret_cast<Type*>(learndock_shared)
#define LEARNDOCK_PRAGMA(text) _Pragma(#text)
#define LEARNDOCK_UNROLL(count) LEARNDOCK_PRAGMA(unroll count)

#endif

namespace learndock::cuda {

inline constexpr unsigned kFullWarp = 0xffffffffU;
inline constexpr unsigned kWarpSize = 32;
/// The most blocks of threads that one launch has.
inline constexpr std::uint64_t kMostBlocks = (std::uint64_t{1} << 31) - 1;

/// The sum over the lanes of a warp, in a fixed order; every lane gets it.
template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  for (unsigned distance = kWarpSize / 2; distance > 0; distance /= 2)
    value += __shfl_xor_sync(kFullWarp, value, distance);
  return value;
}

}  // namespace learndock::cuda
