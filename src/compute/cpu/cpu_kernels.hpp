#pragma once

#include "learndock/compute/packed_sets.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace learndock::compute {

/// What a block of products is overwritten with.
enum class Keep : std::uint8_t { nothing, kernel, slope };

/// A block of inner products between rows (points of reduced sets) and columns (points of the other side),
/// and what turns it into kernel values: k[r][c] is the kernel at the squared distance
/// max(0, row_norms[r] + col_norms[c] - 2 products[r][c]).
struct KernelBlock {
  double* products;  ///< rows x cols, row-major
  std::size_t rows;
  std::size_t cols;
  const double* row_norms;    ///< [rows] squared norms
  const double* col_norms;    ///< [cols]
  const double* col_weights;  ///< [cols], or null for all ones
  Kernel kernel;
  Keep keep;
  double* slope_sums = nullptr;  ///< [rows] the kernel's slope summed likewise; null: not wanted
};

/// row_sums[r] = sum_c col_weights[c] * k[r][c], fused: the block is written only when asked for. The
/// exponential's error is at most 3 units in the last place, and 4 times as many for each further scale.
/// Dispatched at run time to the best instruction set.
void kernel_row_sums(const KernelBlock& block, double* row_sums);

/// "AVX3_DL", "AVX2", ...: the instruction set the dispatch chose.
[[nodiscard]] std::string_view kernel_instruction_set();

}  // namespace learndock::compute
