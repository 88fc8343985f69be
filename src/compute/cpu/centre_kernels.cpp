// Nearest centres of rows and sums of labelled rows, compiled once per instruction set. Neighbouring centres
// lie in neighbouring lanes and a row's coordinates are broadcast, so rows need no transposition; products
// stay in registers and only the two least of half_square - product are kept.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/cpu/centre_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"
// clang-format on

#include "compute/cpu/centre_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {

/// Rows and registers of centres at once: 24 sums with 32 registers, 8 with 16.
constexpr std::size_t kRows = HWY_TARGET <= HWY_AVX3 ? 6 : 4;
constexpr std::size_t kVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

/// The least value of each lane so far, the centre it belongs to, and the next value.
template <std::size_t R>
struct Nearest {
  Floats value[R], next[R];
  Ints centre[R];
};

/// Compares R rows with V registers of centres from `vector` on.
template <std::size_t R, std::size_t V>
HWY_INLINE void compare(const CentreBlocks& centres, std::size_t vector, const float* rows,
                        Nearest<R>& nearest) {
  const FloatTag tag;
  const IntTag whole;
  const std::size_t lanes = hn::Lanes(tag), d = centres.dimension;
  const float* columns[V];
  Floats product[R * V];
  unrolled<V>([&](auto v) HWY_ATTR {
    const std::size_t first = (vector + v) * lanes;
    columns[v] = centres.coordinates.data() + first / kCentreBlock * d * kCentreBlock + first % kCentreBlock;
  });
  unrolled<R * V>([&](auto i) HWY_ATTR { product[i] = hn::Zero(tag); });
  for (std::size_t k = 0; k < d; ++k) {
    Floats column[V];
    unrolled<V>([&](auto v) HWY_ATTR { column[v] = hn::LoadU(tag, columns[v] + k * kCentreBlock); });
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto x = hn::Set(tag, rows[r * d + k]);
      unrolled<V>([&](auto v)
                      HWY_ATTR { product[r * V + v] = hn::MulAdd(x, column[v], product[r * V + v]); });
    });
  }
  unrolled<V>([&](auto v) HWY_ATTR {
    const std::size_t first = (vector + v) * lanes;
    const auto half = hn::LoadU(tag, centres.half_squares.data() + first);
    const auto index = hn::Iota(whole, static_cast<std::int32_t>(first));
    unrolled<R>([&](auto r) HWY_ATTR {
      const auto value = hn::Sub(half, product[r * V + v]);
      const auto less = hn::Lt(value, nearest.value[r]);
      nearest.next[r] = hn::Min(nearest.next[r], hn::Max(value, nearest.value[r]));
      nearest.value[r] = hn::IfThenElse(less, value, nearest.value[r]);
      nearest.centre[r] = hn::IfThenElse(hn::RebindMask(whole, less), index, nearest.centre[r]);
    });
  });
}

/// Within a lane the first of equals was kept; across lanes the lowest centre is taken.
template <std::size_t R>
HWY_INLINE void store_labels(const Nearest<R>& nearest, std::size_t x, CentreScratch& scratch) {
  const FloatTag tag;
  const IntTag whole;
  unrolled<R>([&](auto r) HWY_ATTR {
    const auto least = hn::MinOfLanes(tag, nearest.value[r]);
    const auto there = hn::RebindMask(whole, hn::Eq(nearest.value[r], least));
    const auto none = hn::Set(whole, std::numeric_limits<std::int32_t>::max());
    const auto label = hn::MinOfLanes(whole, hn::IfThenElse(there, nearest.centre[r], none));
    const auto winner = hn::RebindMask(tag, hn::Eq(nearest.centre[r], label));
    const auto others = hn::IfThenElse(winner, nearest.next[r], nearest.value[r]);
    scratch.labels[x + r] = static_cast<std::uint32_t>(hn::GetLane(label));
    scratch.nearest[x + r] = hn::GetLane(least);
    scratch.next[x + r] = hn::GetLane(hn::MinOfLanes(tag, others));
  });
}

template <std::size_t R>
HWY_INLINE void label(const CentreBlocks& centres, std::size_t x, CentreScratch& scratch) {
  const FloatTag tag;
  const std::size_t vectors = centres.half_squares.size() / hn::Lanes(tag);
  const float* const rows = scratch.rows.data() + x * centres.dimension;
  Nearest<R> nearest;
  unrolled<R>([&](auto r) HWY_ATTR {
    nearest.value[r] = nearest.next[r] = hn::Set(tag, std::numeric_limits<float>::infinity());
    nearest.centre[r] = hn::Zero(IntTag());
  });
  std::size_t vector = 0;
  for (; vector + kVectors <= vectors; vector += kVectors)
    compare<R, kVectors>(centres, vector, rows, nearest);
  if constexpr (kVectors == 4) {
    if (vectors - vector == 3) compare<R, 3>(centres, vector, rows, nearest);
    if (vectors - vector == 2) compare<R, 2>(centres, vector, rows, nearest);
  }
  if (vectors - vector == 1) compare<R, 1>(centres, vector, rows, nearest);
  store_labels(nearest, x, scratch);
}

void label_rows_of(const CentreBlocks& centres, std::size_t count, CentreScratch& scratch) {
  std::size_t x = 0;
  for (; x + kRows <= count; x += kRows) label<kRows>(centres, x, scratch);
  for (; x < count; ++x) label<1>(centres, x, scratch);
}

/// to = row - origin; returns its square.
float centre_row(const float* row, const std::vector<float>& origin, float* to) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag), d = origin.size();
  auto squares = hn::Zero(tag);
  std::size_t k = 0;
  for (; k + lanes <= d; k += lanes) {
    const auto value = hn::Sub(hn::LoadU(tag, row + k), hn::LoadU(tag, origin.data() + k));
    squares = hn::MulAdd(value, value, squares);
    hn::StoreU(value, tag, to + k);
  }
  float square = hn::GetLane(hn::SumOfLanes(tag, squares));
  for (; k < d; ++k) {
    to[k] = row[k] - origin[k];
    square += to[k] * to[k];
  }
  return square;
}

void add_row_of(const float* row, std::size_t d, double sign, double* to) {
  const hn::CappedTag<double, 8> tag;
  const hn::Rebind<float, decltype(tag)> half;
  const std::size_t lanes = hn::Lanes(tag);
  const auto factor = hn::Set(tag, sign);
  std::size_t k = 0;
  for (; k + lanes <= d; k += lanes)
    hn::StoreU(hn::MulAdd(factor, hn::PromoteTo(tag, hn::LoadU(half, row + k)), hn::LoadU(tag, to + k)), tag,
               to + k);
  for (; k < d; ++k) to[k] += sign * static_cast<double>(row[k]);
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(label_rows_of);
HWY_EXPORT(centre_row);
HWY_EXPORT(add_row_of);

namespace {

/// Centred values held at once: 16 KiB leave half of a first-level cache to the centres.
constexpr std::size_t kTileValues = 4096;
constexpr std::size_t kLeastTileRows = 12;

/// By how much the next centre's distance exceeds the nearest's, less what fp32 may have added to it: both
/// half squares are off by d + 8 roundings of (|x| + |c|)^2 at most.
float gap_of(float square, float nearest, float next, const CentreBlocks& centres) {
  const float reach = std::sqrt(square) + centres.longest;
  const float rounding = static_cast<float>(centres.dimension + 8) * 0x1p-22F * reach * reach;
  const float sum =
      std::sqrt(std::max(0.0F, square + 2 * nearest)) + std::sqrt(std::max(0.0F, square + 2 * next));
  return (2 * (next - nearest) - rounding) / sum;
}

}  // namespace

CentreBlocks::CentreBlocks(MatrixView<const float> centres) : dimension(centres.cols()), origin(dimension) {
  const std::size_t d = dimension, count = (centres.rows() + kCentreBlock - 1) / kCentreBlock;
  for (std::size_t k = 0; k < d; ++k) {
    double sum = 0;
    for (std::size_t c = 0; c < centres.rows(); ++c) sum += static_cast<double>(centres(c, k));
    origin[k] = static_cast<float>(sum / static_cast<double>(centres.rows()));
  }
  coordinates.assign(count * d * kCentreBlock, 0.0F);
  half_squares.assign(count * kCentreBlock, std::numeric_limits<float>::infinity());
  for (std::size_t c = 0; c < centres.rows(); ++c) {
    double square = 0;
    for (std::size_t k = 0; k < d; ++k) {
      const double value = static_cast<double>(centres(c, k)) - static_cast<double>(origin[k]);
      coordinates[(c / kCentreBlock * d + k) * kCentreBlock + c % kCentreBlock] = static_cast<float>(value);
      square += value * value;
    }
    half_squares[c] = static_cast<float>(square / 2);
    longest = std::max(longest, static_cast<float>(std::sqrt(square)));
  }
}

void label_rows(const CentreBlocks& centres, MatrixView<const float> rows,
                std::span<const std::uint32_t> list, CentreScratch& scratch, std::span<KmeansRow> out) {
  const std::size_t d = centres.dimension;
  const std::size_t tile = std::max(kLeastTileRows, kTileValues / std::max<std::size_t>(1, d));
  scratch.rows.resize(tile * d);
  for (auto* values : {&scratch.squares, &scratch.nearest, &scratch.next}) values->resize(tile);
  scratch.labels.resize(tile);
  for (std::size_t first = 0; first < list.size(); first += tile) {
    const std::size_t count = std::min(tile, list.size() - first);
    for (std::size_t i = 0; i < count; ++i)
      scratch.squares[i] = HWY_DYNAMIC_DISPATCH(centre_row)(rows.row(list[first + i]).data(), centres.origin,
                                                            scratch.rows.data() + i * d);
    HWY_DYNAMIC_DISPATCH(label_rows_of)(centres, count, scratch);
    for (std::size_t i = 0; i < count; ++i) {
      const bool found = std::isfinite(scratch.nearest[i]);
      out[first + i].label = found ? scratch.labels[i] : 0;
      out[first + i].gap = gap_of(scratch.squares[i], scratch.nearest[i], scratch.next[i], centres);
    }
  }
}

void add_row(std::span<const float> row, double sign, double* to) {
  HWY_DYNAMIC_DISPATCH(add_row_of)(row.data(), row.size(), sign, to);
}

}  // namespace learndock::compute
#endif
