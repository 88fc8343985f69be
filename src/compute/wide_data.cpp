#include "compute/wide_data.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::compute {
namespace {

/// Error of an exponent gamma |x - y|^2 that searches would notice.
constexpr double kHarmlessError = 1e-12;
/// Beyond this exponent a kernel value is zero in double precision.
constexpr double kVanishes = 746;

double exponent_error(const KernelBlock& block, std::size_t dimension) {
  const double norms = *std::max_element(block.row_norms, block.row_norms + block.rows) +
                       *std::max_element(block.col_norms, block.col_norms + block.cols);
  // Norms, product and their sum: d roundings at worst, of which sqrt(d) remain.
  return block.gamma * norms * 0x1p-52 * (4 + std::sqrt(static_cast<double>(dimension)));
}

double direct_kernel(const double* x, const double* y, std::size_t dimension, double gamma) {
  double sum = 0;
  for (std::size_t k = 0; k < dimension; ++k) sum += (x[k] - y[k]) * (x[k] - y[k]);
  return std::exp(-gamma * sum);
}

}  // namespace

void safe_row_sums(const KernelBlock& block, const double* rows, const double* cols, std::size_t dimension,
                   double* row_sums) {
  if (block.rows == 0 || block.cols == 0) {
    std::fill_n(row_sums, block.rows, 0.0);
    return;
  }
  const double error = exponent_error(block, dimension);
  if (error <= kHarmlessError) {
    kernel_row_sums(block, row_sums);
    return;
  }
  for (std::size_t r = 0; r < block.rows; ++r) {
    double* const products = block.products + r * block.cols;
    row_sums[r] = 0;
    for (std::size_t c = 0; c < block.cols; ++c) {
      const double squared = block.row_norms[r] + block.col_norms[c] - 2 * products[c];
      const bool near = block.gamma * squared - error < kVanishes;
      const double k =
          near ? direct_kernel(rows + r * dimension, cols + c * dimension, dimension, block.gamma) : 0;
      row_sums[r] += block.col_weights == nullptr ? k : block.col_weights[c] * k;
      if (block.keep_kernel) products[c] = k;
    }
  }
}

}  // namespace learndock::compute
