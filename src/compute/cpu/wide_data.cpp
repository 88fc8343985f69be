#include "compute/cpu/wide_data.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::compute {
namespace {

/// Error of an exponent gamma |x - y|^2, at the narrowest scale, that searches would notice.
constexpr double kHarmlessError = 1e-12;
/// Beyond this exponent a kernel value is zero in double precision.
constexpr double kVanishes = 746;

double exponent_error(const KernelBlock& block, std::size_t dimension) {
  const double norms = *std::max_element(block.row_norms, block.row_norms + block.rows) +
                       *std::max_element(block.col_norms, block.col_norms + block.cols);
  // Norms, product and their sum: d roundings at worst, of which sqrt(d) remain.
  return block.kernel.narrowest_gamma() * norms * 0x1p-52 * (4 + std::sqrt(static_cast<double>(dimension)));
}

struct DirectValues {
  double kernel = 0, slope = 0;
};

DirectValues direct_values(const double* x, const double* y, std::size_t dimension, const Kernel& kernel) {
  double squared = 0;
  for (std::size_t k = 0; k < dimension; ++k) squared += (x[k] - y[k]) * (x[k] - y[k]);
  DirectValues values;
  double factor = 1.0 / kernel.scales;
  for (std::uint32_t s = 0; s < kernel.scales; ++s, factor *= 4) {
    const double value = std::exp(-kernel.gamma_of(s) * squared);
    values.kernel += value / kernel.scales;
    values.slope += factor * value;
  }
  return values;
}

void direct_row_sum(const KernelBlock& block, std::size_t r, const double* row, const double* cols,
                    std::size_t dimension, double error, double* row_sums) {
  double* const products = block.products + r * block.cols;
  double sum = 0, slope_sum = 0;
  for (std::size_t c = 0; c < block.cols; ++c) {
    const double squared = block.row_norms[r] + block.col_norms[c] - 2 * products[c];
    DirectValues values;
    // Negated, so that norms beyond double precision are measured too.
    if (!(block.kernel.gamma * squared - error >= kVanishes))
      values = direct_values(row, cols + c * dimension, dimension, block.kernel);
    const double weight = block.col_weights == nullptr ? 1 : block.col_weights[c];
    sum += weight * values.kernel;
    slope_sum += weight * values.slope;
    if (block.keep != Keep::nothing) products[c] = block.keep == Keep::kernel ? values.kernel : values.slope;
  }
  row_sums[r] = sum;
  if (block.slope_sums != nullptr) block.slope_sums[r] = slope_sum;
}

}  // namespace

bool products_suffice(const KernelBlock& block, std::size_t dimension) {
  return block.rows == 0 || block.cols == 0 || exponent_error(block, dimension) <= kHarmlessError;
}

void safe_row_sums(const KernelBlock& block, const double* rows, const double* cols, std::size_t dimension,
                   double* row_sums) {
  if (block.rows == 0 || block.cols == 0) {
    std::fill_n(row_sums, block.rows, 0.0);
    if (block.slope_sums != nullptr) std::fill_n(block.slope_sums, block.rows, 0.0);
    return;
  }
  const double error = exponent_error(block, dimension);
  if (error <= kHarmlessError) {
    kernel_row_sums(block, row_sums);
    return;
  }
  for (std::size_t r = 0; r < block.rows; ++r)
    direct_row_sum(block, r, rows + r * dimension, cols, dimension, error, row_sums);
}

}  // namespace learndock::compute
