#pragma once
// One thread block on fibers: every device thread is a fiber, barriers and warp operations switch between
// them.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace learndock::shim {

/// What a device thread may ask about itself.
struct Place {
  dim3 thread, block, block_size, grid_size;
};
[[nodiscard]] const Place& place();
[[nodiscard]] void* dynamic_shared();

/// Runs `body` for every thread of every block, one block after the other, on the calling thread. A barrier
/// that some thread of the block never reaches ends the process with a message: on a device it would hang.
void run_grid(dim3 grid, dim3 block, std::size_t shared_bytes, const std::function<void()>& body);

void sync_threads();
using WarpValues = std::uint64_t[6][32];
/// Publishes up to six values of this lane, waits for the whole warp, and returns those of all 32 lanes.
[[nodiscard]] const WarpValues& warp_exchange(const std::uint64_t* values, unsigned count);
[[nodiscard]] inline const std::uint64_t* warp_exchange(std::uint64_t value) {
  return warp_exchange(&value, 1)[0];
}

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}
template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}
template <class T>
T shuffle(T value, unsigned source) {
  return from_bits<T>(warp_exchange(to_bits(value))[source % 32]);
}
[[nodiscard]] inline unsigned lane() { return place().thread.x % 32; }

}  // namespace learndock::shim

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __shared__ static thread_local
#define threadIdx (::learndock::shim::place().thread)
#define blockIdx (::learndock::shim::place().block)
#define blockDim (::learndock::shim::place().block_size)
#define gridDim (::learndock::shim::place().grid_size)

inline void __syncthreads() { learndock::shim::sync_threads(); }
inline void __syncwarp() { static_cast<void>(learndock::shim::warp_exchange(0)); }
template <class T>
T __shfl_sync(unsigned, T value, unsigned source) {
  return learndock::shim::shuffle(value, source);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, unsigned mask) {
  return learndock::shim::shuffle(value, learndock::shim::lane() ^ mask);
}
template <class T>
T __shfl_up_sync(unsigned, T value, unsigned distance) {
  const unsigned lane = learndock::shim::lane();
  return learndock::shim::shuffle(value, lane < distance ? lane : lane - distance);
}
inline unsigned __ballot_sync(unsigned, int predicate) {
  const std::uint64_t* votes = learndock::shim::warp_exchange(predicate != 0);
  unsigned result = 0;
  for (unsigned lane = 0; lane < 32; ++lane) result |= static_cast<unsigned>(votes[lane]) << lane;
  return result;
}
inline int __popc(unsigned value) { return std::popcount(value); }
inline int __dp4a(int a, int b, int sum) {
  for (int byte = 0; byte < 4; ++byte)
    sum += static_cast<std::int8_t>(a >> (8 * byte)) * static_cast<std::int8_t>(b >> (8 * byte));
  return sum;
}
template <class T>
T atomicAdd(T* target, T value) {
  const T old = *target;
  *target = static_cast<T>(old + value);
  return old;
}
template <class T>
T atomicMin(T* target, T value) {
  const T old = *target;
  if (value < old) *target = value;
  return old;
}
