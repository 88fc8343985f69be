#pragma once
// Products of 32 rows and 32 columns by bf16 tensor-core instructions (m16n8k16, fp32 accumulators).
//
// A float is split into bf16 parts by rounding: a = a0 + a1 (+ a2) + rest. With two parts three products are
// formed (a0b0, a0b1, a1b0; "bf16x3"), and what is left out is below 3 * 2^-16 |a||b|. With three parts six
// are formed, and what is left out is below 2^-23 |a||b|: as good as fp32 products, at twice the
// instructions. Devices sum the 16 products of an instruction with a rounding that is not documented.
//
// The host shim executes the same code; there mma_16x8x16 follows the layout that the PTX manual gives for
// the instruction's fragments, so indexing is tested there and the instruction itself only on a device.
#include "../portable.cuh"

namespace learndock::cuda {

inline constexpr std::uint32_t kTileColumns = 32;

#ifdef LEARNDOCK_CUDA_SHIM
__device__ inline std::uint32_t bf16_bits(float value) {
  const auto bits = static_cast<std::uint32_t>(shim::to_bits(value));
  return (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
}
__device__ inline std::uint32_t pack_bf16(float low, float high) {
  return bf16_bits(low) | (bf16_bits(high) << 16);
}
#else
__device__ __forceinline__ std::uint32_t pack_bf16(float low, float high) {
#if __CUDA_ARCH__ >= 800
  std::uint32_t packed;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
  return packed;
#else
  return __float_as_uint(low) >> 16 | (__float_as_uint(high) & 0xffff0000U);
#endif
}
#endif

#ifdef LEARNDOCK_CUDA_SHIM
__device__ inline float low_bf16(std::uint32_t packed) { return shim::from_bits<float>(packed << 16); }
__device__ inline float high_bf16(std::uint32_t packed) {
  return shim::from_bits<float>(packed & 0xffff0000U);
}
#else
__device__ __forceinline__ float low_bf16(std::uint32_t packed) { return __uint_as_float(packed << 16); }
__device__ __forceinline__ float high_bf16(std::uint32_t packed) {
  return __uint_as_float(packed & 0xffff0000U);
}
#endif

/// c += a b for a 16 x 16 (row-major fragments), b 16 x 8 (column-major fragments), c 16 x 8. With g = lane /
/// 4 and t = lane % 4: a[0] = A[g][2t, 2t+1], a[1] = A[g+8][...], a[2] = A[g][2t+8, 2t+9], a[3] =
/// A[g+8][2t+8, ...]; b[0] = B[2t, 2t+1][g], b[1] = B[2t+8, 2t+9][g]; c[0, 1] = C[g][2t, 2t+1], c[2, 3] =
/// C[g+8][2t, 2t+1].
#ifdef LEARNDOCK_CUDA_SHIM
__device__ inline float bf16_at(const std::uint64_t* words, unsigned lane, unsigned side) {
  const auto packed = static_cast<std::uint32_t>(words[lane]);
  return side == 0 ? low_bf16(packed) : high_bf16(packed);
}
__device__ inline void mma_16x8x16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const std::uint64_t mine[6] = {a[0], a[1], a[2], a[3], b[0], b[1]};
  const shim::WarpValues& lanes = shim::warp_exchange(mine, 6);
  const unsigned g = shim::lane() / 4, t = shim::lane() % 4;
  for (unsigned index = 0; index < 4; ++index)
    for (unsigned k = 0; k < 16; ++k) {
      const unsigned half = index / 2, column = 2 * t + index % 2, holder = k % 8 / 2;
      const float left = bf16_at(lanes[k / 8 * 2 + half], g * 4 + holder, k % 2);
      c[index] += left * bf16_at(lanes[4 + k / 8], column * 4 + holder, k % 2);
    }
}
#else
__device__ __forceinline__ void mma_16x8x16(float (&c)[4], const std::uint32_t (&a)[4],
                                            const std::uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  // The launcher does not choose this path before compute capability 8.0.
  c[0] = c[1] = c[2] = c[3] = __int_as_float(0x7fffffff);
#endif
}
#endif

/// The bf16 parts of two neighbouring coordinates: each part takes what the earlier ones left.
template <int kParts>
__device__ __forceinline__ void split_pair(float low, float high, std::uint32_t (&parts)[kParts]) {
  for (int part = 0; part < kParts; ++part) {
    parts[part] = pack_bf16(low, high);
    low -= low_bf16(parts[part]);
    high -= high_bf16(parts[part]);
  }
}

/// Coordinates k and k + 1 of one row; beyond the dimension they are zero.
template <int kParts>
__device__ __forceinline__ void load_pair(const float* __restrict__ row, std::uint32_t k,
                                          std::uint32_t dimension, std::uint32_t (&parts)[kParts]) {
  const float low = k < dimension ? row[static_cast<std::uint64_t>(k) * 32] : 0.0F;
  const float high = k + 1 < dimension ? row[static_cast<std::uint64_t>(k + 1) * 32] : 0.0F;
  split_pair(low, high, parts);
}

/// products[tile][step] += rows tile * 16 .. + 16 of the block at `rows` times columns base + step * 8 ..
/// + 8. Steps that begin at or after `last` are left out. `slab` = floats in a block of 32 rows.
template <int kParts>
__device__ __forceinline__ void tile_products(const float* __restrict__ rows, const float* __restrict__ cols,
                                              std::uint64_t slab, std::uint64_t base, std::uint64_t last,
                                              std::uint32_t dimension, float (&products)[2][4][4]) {
  const unsigned lane = threadIdx.x % kWarpSize, group = lane / 4, pair = lane % 4;
  for (std::uint32_t k0 = 0; k0 < dimension; k0 += 16) {
    std::uint32_t a[2][4][kParts];
    for (unsigned tile = 0; tile < 2; ++tile)
      for (unsigned part = 0; part < 4; ++part)
        load_pair(rows + tile * 16 + part % 2 * 8 + group, k0 + part / 2 * 8 + pair * 2, dimension,
                  a[tile][part]);
    for (std::uint32_t step = 0; step < 4; ++step) {
      const std::uint64_t col = base + step * 8;
      if (col >= last) break;  // the same for the whole warp
      const float* __restrict__ col_points = cols + col / 32 * slab + col % 32 + group;
      std::uint32_t b[2][kParts];
      for (unsigned part = 0; part < 2; ++part)
        load_pair(col_points, k0 + part * 8 + pair * 2, dimension, b[part]);
      for (unsigned tile = 0; tile < 2; ++tile)
        // The smallest products first, so that they are not lost against the large ones.
        for (int order = kParts - 1; order >= 0; --order)
          for (int i = 0; i <= order; ++i) {
            const int j = order - i;
            const std::uint32_t left[4] = {a[tile][0][i], a[tile][1][i], a[tile][2][i], a[tile][3][i]};
            const std::uint32_t right[2] = {b[0][j], b[1][j]};
            mma_16x8x16(products[tile][step], left, right);
          }
    }
  }
}

}  // namespace learndock::cuda
