#pragma once

#include "learndock/compute/packed_sets.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace learndock::compute {

/// The points of one side, centred and laid out for the fused kernel: in groups of up to 12, the coordinates
/// of a group together, so that each is one broadcast. Coordinates carry the factor 2 gamma log2(e), so that
/// products are exponents of two; `offsets` holds -gamma log2(e) |u|^2.
struct QueryPanel {
  std::vector<float> points;   ///< [count * dimension]
  std::vector<float> offsets;  ///< [count]
  std::vector<float> weights;  ///< [count]
  std::size_t dimension = 0;

  [[nodiscard]] std::size_t count() const { return offsets.size(); }
};

/// Points in a group that starts at `first` of `count`: the kernel is compiled for these sizes alone.
[[nodiscard]] constexpr std::size_t panel_group(std::size_t first, std::size_t count) {
  const std::size_t left = count - first;
  for (const std::size_t size : {12, 8, 4, 2})
    if (left >= size) return size;
  return 1;
}

/// Fills `panel` with `count` centred rows of fp32, row-major.
void fill_panel(const float* rows, const float* weights, std::size_t count, std::size_t dimension,
                double gamma, QueryPanel& panel);

/// Blocks of 32 stored rows, one after the other.
struct RowBlocks {
  const float* points;         ///< [count][dimension][32]
  const float* squared_norms;  ///< [count][32]
  std::size_t count;
};

/// sums[32 b + r] = sum_c panel.weights[c] k(row r of block b, u_c). fp32, in groups of 128 points that are
/// added in fp64. Same bits for the same input on one instruction set.
void fused_row_sums(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel, double* sums);

/// Where kernel values go: [c * row_stride + 32 b + r].
struct KernelValues {
  float* kernel;
  float* slope;  ///< the kernel's slope; null: not wanted
  std::size_t row_stride;
};

/// The kernel values themselves.
void fused_kernel_values(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel,
                         const KernelValues& values);

/// totals[c] += sum over the first `columns` values of row c.
void add_row_totals(const float* values, std::size_t rows, std::size_t row_stride, std::size_t columns,
                    double* totals);

/// 2^x for x <= 0 as the fused kernels compute it; for tests of its stated error (2^-22 relative, x >= -125).
void exp2_values(std::span<const float> x, std::span<float> out);

}  // namespace learndock::compute
