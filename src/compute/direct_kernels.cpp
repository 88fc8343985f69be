// Kernel sums by direct difference in fp64, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/direct_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"

#include <hwy/contrib/math/math-inl.h>
// clang-format on

#include "compute/direct_kernels.hpp"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {

using DoubleTag = hn::CappedTag<double, 8>;
using Doubles = hn::Vec<DoubleTag>;

/// (1 / scales) * sum_s exp(-gamma 4^s squared) from one exponential.
HWY_INLINE Doubles kernel_value(DoubleTag tag, Doubles squared, const Kernel& kernel) {
  auto value = hn::Exp(tag, hn::Mul(hn::Set(tag, -kernel.gamma), squared));
  if (kernel.scales == 1) return value;
  auto sum = value;
  for (std::uint32_t scale = 1; scale < kernel.scales; ++scale) {
    value = hn::Mul(value, value);
    value = hn::Mul(value, value);
    sum = hn::Add(sum, value);
  }
  return hn::Mul(sum, hn::Set(tag, 1.0 / kernel.scales));
}

/// R rows at once: each coordinate of the points is loaded once for all of them.
template <std::size_t R>
HWY_INLINE Doubles weighted_rows(DoubleTag tag, const DirectBlock& block, std::size_t first, std::size_t lane,
                                 const Kernel& kernel, Doubles total) {
  Doubles squared[R];
  unrolled<R>([&](auto r) HWY_ATTR { squared[r] = hn::Zero(tag); });
  const double* const rows = block.rows + first * block.dimension;
  const double* points = block.points + lane;
  for (std::size_t k = 0; k < block.dimension; ++k, points += 8) {
    const auto point = hn::LoadU(tag, points);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto difference = hn::Sub(point, hn::Set(tag, rows[r * block.dimension + k]));
      squared[r] = hn::MulAdd(difference, difference, squared[r]);
    });
  }
  unrolled<R>([&](auto r) HWY_ATTR {
    total = hn::MulAdd(hn::Set(tag, block.weights[first + r]), kernel_value(tag, squared[r], kernel), total);
  });
  return total;
}

/// Rows [first, last) of the set.
HWY_INLINE Doubles sum_of_rows(DoubleTag tag, const DirectBlock& block, std::size_t first, std::size_t last,
                               std::size_t lane, const Kernel& kernel) {
  auto total = hn::Zero(tag);
  std::size_t row = first;
  for (; row + 8 <= last; row += 8) total = weighted_rows<8>(tag, block, row, lane, kernel, total);
  for (; row + 2 <= last; row += 2) total = weighted_rows<2>(tag, block, row, lane, kernel, total);
  if (row < last) total = weighted_rows<1>(tag, block, row, lane, kernel, total);
  return total;
}

void sums_of_block(const DirectBlock& block, const Kernel& kernel, double* sums) {
  const DoubleTag tag;
  for (std::size_t lane = 0; lane < 8; lane += hn::Lanes(tag)) {
    auto total = hn::Zero(tag);
    for (std::size_t row = 0; row < block.count; row += kSummedRows)
      total = hn::Add(total,
                      sum_of_rows(tag, block, row, std::min(row + kSummedRows, block.count), lane, kernel));
    hn::StoreU(total, tag, sums + lane);
  }
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(sums_of_block);

void direct_block_sums(const DirectBlock& block, const Kernel& kernel, double* sums) {
  HWY_DYNAMIC_DISPATCH(sums_of_block)(block, kernel, sums);
}

}  // namespace learndock::compute
#endif
