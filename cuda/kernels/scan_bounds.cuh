#pragma once
// Certified lower bounds of the 32 items of one block of codes for a group of queries: a warp, one item a
// lane.
//
//   MMD^2 >= n_L + n_U - 2 (t p + e sqrt(|u|^2 - p^2 / |v|^2) + sqrt(n_L) |a_U - u| + r_L r_U) - rounding
//   (n_L + n_U)
//
// with u the query as it is rounded here and p = <v, u>; see compute/scan_codes.hpp and scan_kernels.hpp.
#include "../portable.cuh"
#include "scan.hpp"

#include <type_traits>

namespace learndock::cuda {

inline constexpr std::uint32_t kFloatCodes = 0, kHalfCodes = 1, kByteCodes = 2, kNibbleCodes = 3;
inline constexpr std::uint32_t kFactorsPerItem = 5;

#ifdef LEARNDOCK_CUDA_SHIM
inline float float_of_bits(std::uint32_t bits) { return shim::from_bits<float>(bits); }
inline std::uint32_t bits_of_float(float value) { return static_cast<std::uint32_t>(shim::to_bits(value)); }
inline float float_of_half(std::uint32_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = bits >> 10 & 31U, fraction = bits & 0x3ffU;
  const auto small = std::ldexp(static_cast<float>(fraction), -24);
  if (exponent == 0) return sign != 0 ? -small : small;
  return float_of_bits(sign | (exponent + 112U) << 23 | fraction << 13);
}
#else
__device__ __forceinline__ float float_of_bits(std::uint32_t bits) { return __uint_as_float(bits); }
__device__ __forceinline__ std::uint32_t bits_of_float(float value) { return __float_as_uint(value); }
__device__ __forceinline__ float float_of_half(std::uint32_t bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(static_cast<unsigned short>(bits)));
  return value;
}
#endif

/// products[j] = <v, u_j> / step of this lane's item with the queries of group `group`.
template <std::uint32_t kType, std::uint32_t kBytes, std::uint32_t kQueries>
__device__ __forceinline__ void scan_products(const DeviceCodes& codes, const DeviceQueries& queries,
                                              std::uint64_t block, std::uint32_t group,
                                              float (&products)[kQueries]) {
  constexpr std::uint32_t kLanes = kQueries * kBytes;
  const unsigned lane = threadIdx.x % kWarpSize;
  const std::uint32_t* __restrict__ words =
      queries.words + static_cast<std::uint64_t>(group) * queries.words_each * kLanes;
  if constexpr (kType == kFloatCodes || kType == kHalfCodes) {
    for (std::uint32_t j = 0; j < kQueries; ++j) products[j] = 0;
    const std::uint64_t base = block * codes.padded_dimension * kWarpSize + lane;
    for (std::uint32_t k = 0; k < codes.padded_dimension; ++k) {
      const std::uint64_t at = base + static_cast<std::uint64_t>(k) * kWarpSize;
      const float value = kType == kFloatCodes
                              ? float_of_bits(codes.codes[at])
                              : float_of_half(reinterpret_cast<const std::uint16_t*>(codes.codes)[at]);
      for (std::uint32_t j = 0; j < kQueries; ++j)
        products[j] = fmaf(value, float_of_bits(words[k * kQueries + j]), products[j]);
    }
  } else {
    int sums[kLanes] = {};
    constexpr std::uint32_t kWordsOfQuery = kType == kByteCodes ? 1 : 2;
    const std::uint32_t code_words = codes.padded_dimension / (4 * kWordsOfQuery);
    const std::uint32_t* __restrict__ item = codes.codes + block * code_words * kWarpSize + lane;
    for (std::uint32_t g = 0; g < code_words; ++g) {
      const std::uint32_t code = item[static_cast<std::uint64_t>(g) * kWarpSize];
      for (std::uint32_t part = 0; part < kWordsOfQuery; ++part) {
        // Bytes: 0..255 become -128..127, so that both sides are signed. Nibbles fit a signed byte as they
        // are.
        const std::uint32_t four =
            kType == kByteCodes ? code ^ 0x80808080U : code >> (4 * part) & 0x0f0f0f0fU;
        for (std::uint32_t l = 0; l < kLanes; ++l)
          sums[l] = __dp4a(static_cast<int>(four),
                           static_cast<int>(words[(g * kWordsOfQuery + part) * kLanes + l]), sums[l]);
      }
    }
    for (std::uint32_t j = 0; j < kQueries; ++j) {
      products[j] = static_cast<float>(sums[j * kBytes]);
      if constexpr (kBytes == 2) products[j] = fmaf(products[j], 128.0F, static_cast<float>(sums[j * 2 + 1]));
    }
  }
}

/// bounds[j] of this lane's item for query j of the group.
template <std::uint32_t kType, std::uint32_t kBytes, std::uint32_t kQueries>
__device__ __forceinline__ void scan_bounds(const DeviceCodes& codes, const DeviceQueries& queries,
                                            std::uint64_t block, std::uint32_t group,
                                            float (&bounds)[kQueries]) {
  float products[kQueries];
  scan_products<kType, kBytes, kQueries>(codes, queries, block, group, products);
  const float* __restrict__ factors =
      codes.factors + block * kFactorsPerItem * kWarpSize + threadIdx.x % kWarpSize;
  const float scale = factors[0], code_error = factors[kWarpSize], residual = factors[2 * kWarpSize];
  const float norm = factors[3 * kWarpSize], inverse_code_norm = factors[4 * kWarpSize];
  const float length = sqrtf(norm);
  for (std::uint32_t j = 0; j < kQueries; ++j) {
    const ScanTerms terms = queries.terms[group * kQueries + j];
    float product = products[j];
    // v = 2 q - 255 = 2 (q - 128) + 1, or v = 2 q - 15; the host puts what is constant into `offset`.
    if constexpr (kType == kByteCodes || kType == kNibbleCodes)
      product = fmaf(product, 2.0F, -terms.offset) * terms.step;
    const float across = fmaf(-product * product, inverse_code_norm, terms.vector_norm);
    float inner = scale * product;
    inner = fmaf(code_error, sqrtf(fmaxf(across, 0.0F)), inner);
    inner = fmaf(length, terms.vector_error, inner);
    inner = fmaf(residual, terms.residual, inner);
    const float sum = norm + terms.squared_norm;
    // Plus zero: a negative zero would sort before a zero of a smaller item.
    bounds[j] = fmaf(-terms.rounding, sum, fmaf(-2.0F, inner, sum)) + 0.0F;
  }
}

__device__ __forceinline__ std::uint64_t key_of(float bound, std::uint64_t item) {
  return static_cast<std::uint64_t>(ordered_bits(bits_of_float(bound))) << 32 | item;
}

__device__ __forceinline__ bool item_allowed(const std::uint64_t* __restrict__ allowed, std::uint64_t item) {
  return allowed == nullptr || (allowed[item / 64] >> (item % 64) & 1U) != 0;
}

/// What is known of a block of codes beside its items' bounds.
__device__ __forceinline__ float least_of_block(const float* __restrict__ least, std::uint64_t block) {
  return least == nullptr ? float_of_bits(0xff800000U) : least[block];
}
/// The larger of an item's own bound and its block's. False for padding, whose bound is no number, and for
/// blocks that are not part of the job.
__device__ __forceinline__ bool raise_bound(float least, float& bound) {
  const bool is_item = bound == bound && least != float_of_bits(0x7f800000U);
  if (least > bound) bound = least;
  return is_item;
}

/// Calls launch(type, bytes, queries) with integral constants that fit the job.
template <std::uint32_t kValue>
using Constant = std::integral_constant<std::uint32_t, kValue>;
template <class Launch>
cudaError_t with_code_type(const DeviceCodes& codes, const DeviceQueries& queries, const Launch& launch) {
  const auto with_queries = [&](auto type, auto bytes) {
    return queries.at_once == 1 ? launch(type, bytes, Constant<1>{}) : launch(type, bytes, Constant<4>{});
  };
  switch (codes.type) {
    case kFloatCodes:
      return with_queries(Constant<kFloatCodes>{}, Constant<1>{});
    case kHalfCodes:
      return with_queries(Constant<kHalfCodes>{}, Constant<1>{});
    case kByteCodes:
      return queries.bytes == 1 ? with_queries(Constant<kByteCodes>{}, Constant<1>{})
                                : with_queries(Constant<kByteCodes>{}, Constant<2>{});
    case kNibbleCodes:
      return queries.bytes == 1 ? with_queries(Constant<kNibbleCodes>{}, Constant<1>{})
                                : with_queries(Constant<kNibbleCodes>{}, Constant<2>{});
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace learndock::cuda
