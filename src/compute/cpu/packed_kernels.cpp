// Fused exponential of a matrix product, compiled once per instruction set by Highway's re-inclusion. The
// kernel matrix never reaches memory: products are formed in registers, become kernel values there and are
// summed there.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/cpu/packed_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/cpu/scales-inl.hpp"
#include "compute/simd-inl.hpp"
// clang-format on

#include "compute/cpu/packed_kernels.hpp"

#include <algorithm>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {
/// What one group of query points meets: `lanes` x 2 rows of a block.
struct Tile {
  const float* points;  // first coordinate of the tile's first row; coordinates are 32 apart
  std::size_t dimension;
  const float* query;  // R points; coordinates are query_stride apart
  std::size_t query_stride;
  const float* offsets;  // [R]
};

/// R query points against two registers of rows. `consume(r, e0, e1)` takes both registers of
/// exponentials at the widest scale.
template <std::size_t R, class Consume>
HWY_INLINE void fused_tile(FloatTag tag, const Tile& tile, Floats row_offset0, Floats row_offset1,
                           const Consume& consume) {
  const std::size_t lanes = hn::Lanes(tag);
  Floats sum0[R], sum1[R];
  unrolled<R>([&](auto r) HWY_ATTR { sum0[r] = sum1[r] = hn::Zero(tag); });
  const float* HWY_RESTRICT points = tile.points;
  const float* HWY_RESTRICT query = tile.query;
  for (std::size_t k = 0; k < tile.dimension; ++k, points += kBlockRows, query += tile.query_stride) {
    const auto rows0 = hn::LoadU(tag, points);
    const auto rows1 = hn::LoadU(tag, points + lanes);
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto q = hn::Set(tag, query[r]);
      sum0[r] = hn::MulAdd(rows0, q, sum0[r]);
      sum1[r] = hn::MulAdd(rows1, q, sum1[r]);
    });
  }
  const auto zero = hn::Zero(tag);
  unrolled<R>([&](auto r) HWY_ATTR {
    const auto offset = hn::Set(tag, tile.offsets[r]);
    const auto x0 = hn::Min(hn::Add(sum0[r], hn::Add(row_offset0, offset)), zero);
    const auto x1 = hn::Min(hn::Add(sum1[r], hn::Add(row_offset1, offset)), zero);
    consume(r, exp2_not_positive(tag, x0), exp2_not_positive(tag, x1));
  });
}

/// Twelve points need 26 registers. Instruction sets with 16 take the larger groups as two halves.
constexpr std::size_t kMostAtOnce = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

/// Calls `visit(first point, number of points, tile)` for each group, or half group, of panel points [first,
/// last).
template <class Visit>
HWY_INLINE void for_each_group(const QueryPanel& panel, std::size_t first, std::size_t last, Tile tile,
                               const Visit& visit) {
  for (std::size_t c = first; c < last;) {
    const std::size_t size = panel_group(c, panel.count());
    for_group_size(size, [&](auto whole) HWY_ATTR {
      constexpr std::size_t kPart = whole > kMostAtOnce ? whole / 2 : whole;
      tile.query_stride = whole;
      for (std::size_t part = 0; part < whole; part += kPart) {
        tile.query = panel.points.data() + c * panel.dimension + part;
        tile.offsets = panel.offsets.data() + c + part;
        visit(c + part, std::integral_constant<std::size_t, kPart>(), tile);
      }
    });
    c += size;
  }
}

/// Adds the sums of panel points [first, last) to sums[0..31] of one block.
HWY_INLINE void add_block_sums(const float* points, const float* row_offsets, const QueryPanel& panel,
                               std::size_t first, std::size_t last, std::uint32_t scales, double* sums) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag);
  HWY_ALIGN float chunk[kBlockRows];
  for (std::size_t row = 0; row < kBlockRows; row += 2 * lanes) {
    const auto offset0 = hn::Load(tag, row_offsets + row), offset1 = hn::Load(tag, row_offsets + row + lanes);
    auto total0 = hn::Zero(tag), total1 = hn::Zero(tag);
    for_each_group(panel, first, last, {points + row, panel.dimension, nullptr, 0, nullptr},
                   [&](std::size_t c, auto points_at_once, const Tile& tile) HWY_ATTR {
                     const float* const weights = panel.weights.data() + c;
                     fused_tile<points_at_once>(tag, tile, offset0, offset1,
                                                [&](std::size_t r, Floats e0, Floats e1) HWY_ATTR {
                                                  const auto weight = hn::Set(tag, weights[r]);
                                                  const auto k0 = over_scales(tag, e0, scales).kernel;
                                                  const auto k1 = over_scales(tag, e1, scales).kernel;
                                                  total0 = hn::MulAdd(k0, weight, total0);
                                                  total1 = hn::MulAdd(k1, weight, total1);
                                                });
                   });
    hn::Store(total0, tag, chunk + row);
    hn::Store(total1, tag, chunk + row + lanes);
  }
  for (std::size_t row = 0; row < kBlockRows; ++row) sums[row] += static_cast<double>(chunk[row]);
}

void set_row_offsets(const float* squared_norms, double gamma, float* offsets) {
  const auto factor = static_cast<float>(-gamma * 1.4426950408889634);
  for (std::size_t row = 0; row < kBlockRows; ++row) offsets[row] = factor * squared_norms[row];
}

void row_sums_of_blocks(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel,
                        double* sums) {
  // A multiple of the largest group; as many fp32 terms as cross_term_error allows for.
  constexpr std::size_t kChunk = 120;
  HWY_ALIGN float offsets[kBlockRows];
  for (std::size_t b = 0; b < blocks.count; ++b) {
    set_row_offsets(blocks.squared_norms + b * kBlockRows, kernel.gamma, offsets);
    double* const block_sums = sums + b * kBlockRows;
    std::fill_n(block_sums, kBlockRows, 0.0);
    for (std::size_t first = 0; first < panel.count(); first += kChunk)
      add_block_sums(blocks.points + b * panel.dimension * kBlockRows, offsets, panel, first,
                     std::min(first + kChunk, panel.count()), kernel.scales, block_sums);
  }
}

HWY_INLINE void store_values(FloatTag tag, const OverScales<Floats>& from, const KernelValues& to,
                             std::size_t target) {
  hn::StoreU(from.kernel, tag, to.kernel + target);
  if (to.slope != nullptr) hn::StoreU(from.slope, tag, to.slope + target);
}

void kernel_values_of_blocks(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel,
                             const KernelValues& values) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag);
  HWY_ALIGN float offsets[kBlockRows];
  for (std::size_t b = 0; b < blocks.count; ++b) {
    set_row_offsets(blocks.squared_norms + b * kBlockRows, kernel.gamma, offsets);
    const float* const points = blocks.points + b * panel.dimension * kBlockRows;
    for (std::size_t row = 0; row < kBlockRows; row += 2 * lanes) {
      const auto offset0 = hn::Load(tag, offsets + row), offset1 = hn::Load(tag, offsets + row + lanes);
      const std::size_t place = b * kBlockRows + row;
      for_each_group(panel, 0, panel.count(), {points + row, panel.dimension, nullptr, 0, nullptr},
                     [&](std::size_t c, auto points_at_once, const Tile& tile) HWY_ATTR {
                       fused_tile<points_at_once>(
                           tag, tile, offset0, offset1, [&](std::size_t r, Floats e0, Floats e1) HWY_ATTR {
                             const std::size_t target = place + (c + r) * values.row_stride;
                             store_values(tag, over_scales(tag, e0, kernel.scales), values, target);
                             store_values(tag, over_scales(tag, e1, kernel.scales), values, target + lanes);
                           });
                     });
    }
  }
}

void row_totals_of(const float* values, std::size_t rows, std::size_t row_stride, std::size_t columns,
                   double* totals) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* const row = values + r * row_stride;
    auto sum = hn::Zero(tag);
    std::size_t c = 0;
    for (; c + lanes <= columns; c += lanes) sum = hn::Add(sum, hn::LoadU(tag, row + c));
    double total = static_cast<double>(hn::GetLane(hn::SumOfLanes(tag, sum)));
    for (; c < columns; ++c) total += static_cast<double>(row[c]);
    totals[r] += total;
  }
}

void exp2_of(const float* x, float* out, std::size_t count) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreU(exp2_not_positive(tag, hn::LoadU(tag, x + i)), tag, out + i);
  HWY_ALIGN float rest[16] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(exp2_not_positive(tag, hn::Load(tag, rest)), tag, rest);
  std::copy(rest, rest + (count - i), out + i);
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(row_sums_of_blocks);
HWY_EXPORT(kernel_values_of_blocks);
HWY_EXPORT(row_totals_of);
HWY_EXPORT(exp2_of);

void fill_panel(const float* rows, const float* weights, std::size_t count, std::size_t dimension,
                double gamma, QueryPanel& panel) {
  constexpr double kLog2E = 1.4426950408889634;
  panel.dimension = dimension;
  panel.points.resize(count * dimension);
  panel.offsets.resize(count);
  panel.weights.assign(weights, weights + count);
  const auto factor = static_cast<float>(2 * gamma * kLog2E);
  for (std::size_t first = 0; first < count;) {
    const std::size_t size = panel_group(first, count);
    float* const group = panel.points.data() + first * dimension;
    for (std::size_t i = 0; i < size; ++i) {
      const float* const row = rows + (first + i) * dimension;
      double norm = 0;
      for (std::size_t k = 0; k < dimension; ++k) {
        group[k * size + i] = factor * row[k];
        norm += static_cast<double>(row[k]) * static_cast<double>(row[k]);
      }
      panel.offsets[first + i] = static_cast<float>(-gamma * kLog2E * norm);
    }
    first += size;
  }
}

void fused_row_sums(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel, double* sums) {
  HWY_DYNAMIC_DISPATCH(row_sums_of_blocks)(blocks, panel, kernel, sums);
}

void fused_kernel_values(const RowBlocks& blocks, const QueryPanel& panel, const Kernel& kernel,
                         const KernelValues& values) {
  HWY_DYNAMIC_DISPATCH(kernel_values_of_blocks)(blocks, panel, kernel, values);
}

void add_row_totals(const float* values, std::size_t rows, std::size_t row_stride, std::size_t columns,
                    double* totals) {
  HWY_DYNAMIC_DISPATCH(row_totals_of)(values, rows, row_stride, columns, totals);
}

void exp2_values(std::span<const float> x, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(exp2_of)(x.data(), out.data(), x.size());
}

}  // namespace learndock::compute
#endif
