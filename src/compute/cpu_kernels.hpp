#pragma once

#include <cstddef>
#include <string_view>

namespace learndock::compute {

/// A block of inner products between rows (points of reduced sets) and columns (points of the other side),
/// and what turns it into kernel values: k[r][c] = exp(-gamma * max(0, row_norms[r] + col_norms[c] - 2
/// products[r][c])).
struct KernelBlock {
  double* products;  ///< rows x cols, row-major; overwritten with k when `keep_kernel`
  std::size_t rows;
  std::size_t cols;
  const double* row_norms;    ///< [rows] squared norms
  const double* col_norms;    ///< [cols]
  const double* col_weights;  ///< [cols], or null for all ones
  double gamma;
  bool keep_kernel;
};

/// row_sums[r] = sum_c col_weights[c] * k[r][c], fused: the kernel block is written only when asked for.
/// The exponential's error is at most 3 units in the last place. Dispatched at run time to the best
/// instruction set.
void kernel_row_sums(const KernelBlock& block, double* row_sums);

/// "AVX3_DL", "AVX2", ...: the instruction set the dispatch chose.
[[nodiscard]] std::string_view kernel_instruction_set();

}  // namespace learndock::compute
