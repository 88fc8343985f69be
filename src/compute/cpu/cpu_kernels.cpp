// SIMD kernels, compiled once per instruction set by Highway's re-inclusion; the only file that includes it.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/cpu/cpu_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/cpu/scales-inl.hpp"

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

#include "compute/cpu/cpu_kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One register, or the scalar rest, of a row: squared distances to kernel values.
template <class Tag>
HWY_INLINE OverScales<hn::Vec<Tag>> kernel_at(Tag tag, const KernelBlock& block, double row_norm,
                                              hn::Vec<Tag> products, hn::Vec<Tag> col_norms) {
  const auto norms = hn::Add(hn::Set(tag, row_norm), col_norms);
  const auto squared = hn::Max(hn::MulAdd(hn::Set(tag, -2.0), products, norms), hn::Zero(tag));
  return over_scales(tag, hn::Exp(tag, hn::Mul(hn::Set(tag, -block.kernel.gamma), squared)),
                     block.kernel.scales);
}

template <class Tag>
HWY_INLINE void keep_values(Tag tag, Keep keep, const OverScales<hn::Vec<Tag>>& values, double* products) {
  if (keep == Keep::kernel) hn::StoreU(values.kernel, tag, products);
  if (keep == Keep::slope) hn::StoreU(values.slope, tag, products);
}

template <bool kSlopes>
void row_sum(const KernelBlock& block, std::size_t row, double* row_sums) {
  const hn::ScalableTag<double> d;
  const hn::CappedTag<double, 1> one;
  const std::size_t lanes = hn::Lanes(d);
  double* products = block.products + row * block.cols;
  auto total = hn::Zero(d), slope_total = hn::Zero(d);
  std::size_t col = 0;
  for (; col + lanes <= block.cols; col += lanes) {
    const auto values = kernel_at(d, block, block.row_norms[row], hn::LoadU(d, products + col),
                                  hn::LoadU(d, block.col_norms + col));
    const auto weights =
        block.col_weights == nullptr ? hn::Set(d, 1.0) : hn::LoadU(d, block.col_weights + col);
    total = hn::MulAdd(weights, values.kernel, total);
    if constexpr (kSlopes) slope_total = hn::MulAdd(weights, values.slope, slope_total);
    keep_values(d, block.keep, values, products + col);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, total));
  double slope_sum = hn::GetLane(hn::SumOfLanes(d, slope_total));
  for (; col < block.cols; ++col) {
    const auto values = kernel_at(one, block, block.row_norms[row], hn::LoadU(one, products + col),
                                  hn::LoadU(one, block.col_norms + col));
    const double weight = block.col_weights == nullptr ? 1 : block.col_weights[col];
    sum += weight * hn::GetLane(values.kernel);
    if constexpr (kSlopes) slope_sum += weight * hn::GetLane(values.slope);
    keep_values(one, block.keep, values, products + col);
  }
  row_sums[row] = sum;
  if constexpr (kSlopes) block.slope_sums[row] = slope_sum;
}

void row_sums_of(const KernelBlock& block, double* row_sums) {
  for (std::size_t row = 0; row < block.rows; ++row)
    block.slope_sums == nullptr ? row_sum<false>(block, row, row_sums) : row_sum<true>(block, row, row_sums);
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(row_sums_of);
HWY_EXPORT(target_name);

void kernel_row_sums(const KernelBlock& block, double* row_sums) {
  HWY_DYNAMIC_DISPATCH(row_sums_of)(block, row_sums);
}

std::string_view kernel_instruction_set() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace learndock::compute
#endif
