// SIMD kernels, compiled once per instruction set by Highway's re-inclusion; the only file that includes it.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/cpu_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

#include "compute/cpu_kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

double row_sum(const KernelBlock& block, std::size_t row) {
  const hn::ScalableTag<double> d;
  const std::size_t lanes = hn::Lanes(d);
  double* products = block.products + row * block.cols;
  const auto row_norm = hn::Set(d, block.row_norms[row]);
  const auto minus_two = hn::Set(d, -2.0);
  const auto minus_gamma = hn::Set(d, -block.gamma);
  auto total = hn::Zero(d);
  const auto kernel = [&](auto product, auto col_norm) {
    const auto squared = hn::MulAdd(minus_two, product, hn::Add(row_norm, col_norm));
    return hn::Exp(d, hn::Mul(minus_gamma, hn::Max(squared, hn::Zero(d))));
  };
  std::size_t col = 0;
  for (; col + lanes <= block.cols; col += lanes) {
    const auto k = kernel(hn::LoadU(d, products + col), hn::LoadU(d, block.col_norms + col));
    total = block.col_weights == nullptr ? hn::Add(total, k)
                                         : hn::MulAdd(hn::LoadU(d, block.col_weights + col), k, total);
    if (block.keep_kernel) hn::StoreU(k, d, products + col);
  }
  double sum = hn::GetLane(hn::SumOfLanes(d, total));
  const hn::CappedTag<double, 1> one;
  for (; col < block.cols; ++col) {
    const double squared = block.row_norms[row] + block.col_norms[col] - 2 * products[col];
    const double k = hn::GetLane(hn::Exp(one, hn::Set(one, -block.gamma * (squared > 0 ? squared : 0))));
    sum += block.col_weights == nullptr ? k : block.col_weights[col] * k;
    if (block.keep_kernel) products[col] = k;
  }
  return sum;
}

void row_sums_of(const KernelBlock& block, double* row_sums) {
  for (std::size_t row = 0; row < block.rows; ++row) row_sums[row] = row_sum(block, row);
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
