// Sums over pairs of rows, compiled once per instruction set: a few of the one times a few of the other at
// once, so that each value that is loaded serves several sums.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compute/row_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: the order matters to Highway
#include "compute/simd-inl.hpp"
// clang-format on

#include "base/parallel.hpp"
#include "compute/row_kernels.hpp"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace learndock::compute::HWY_NAMESPACE {

template <RowSum S, class V>
HWY_INLINE V add_term(V a, V b, V sum) {
  if constexpr (S == RowSum::products) return hn::MulAdd(a, b, sum);
  const V difference = hn::Sub(a, b);
  return hn::MulAdd(difference, difference, sum);
}

template <RowSum S>
HWY_INLINE float add_single_term(float a, float b, float sum) {
  if constexpr (S == RowSum::products) return sum + a * b;
  return sum + (a - b) * (a - b);
}

/// Q queries with R rows.
template <RowSum S, std::size_t Q, std::size_t R>
HWY_INLINE void sum_pairs(MatrixView<const float> queries, std::size_t query, MatrixView<const float> rows,
                          std::size_t row, MatrixView<float> out) {
  const FloatTag tag;
  const std::size_t lanes = hn::Lanes(tag), width = queries.cols();
  const float *as[Q], *bs[R];
  Floats sums[Q * R];
  unrolled<Q>([&](auto q) HWY_ATTR { as[q] = queries.data() + (query + q) * width; });
  unrolled<R>([&](auto r) HWY_ATTR { bs[r] = rows.data() + (row + r) * width; });
  unrolled<Q * R>([&](auto i) HWY_ATTR { sums[i] = hn::Zero(tag); });
  std::size_t k = 0;
  for (; k + lanes <= width; k += lanes) {
    Floats b[R];
    unrolled<R>([&](auto r) HWY_ATTR { b[r] = hn::LoadU(tag, bs[r] + k); });
    unrolled<Q>([&](auto q) HWY_ATTR {
      const auto a = hn::LoadU(tag, as[q] + k);
      unrolled<R>([&](auto r) HWY_ATTR { sums[q * R + r] = add_term<S>(a, b[r], sums[q * R + r]); });
    });
  }
  unrolled<Q>([&](auto q) HWY_ATTR {
    unrolled<R>([&](auto r) HWY_ATTR {
      float sum = hn::GetLane(hn::SumOfLanes(tag, sums[q * R + r]));
      for (std::size_t rest = k; rest < width; ++rest)
        sum = add_single_term<S>(as[q][rest], bs[r][rest], sum);
      out(query + q, row + r) = sum;
    });
  });
}

template <RowSum S, std::size_t R>
HWY_INLINE void sum_rows(MatrixView<const float> queries, MatrixView<const float> rows, std::size_t row,
                         MatrixView<float> out) {
  std::size_t query = 0;
  for (; query + 2 <= queries.rows(); query += 2) sum_pairs<S, 2, R>(queries, query, rows, row, out);
  if (query < queries.rows()) sum_pairs<S, 1, R>(queries, query, rows, row, out);
}

template <RowSum S>
HWY_INLINE void sum_range(MatrixView<const float> queries, MatrixView<const float> rows, std::size_t first,
                          std::size_t last, MatrixView<float> out) {
  std::size_t row = first;
  for (; row + 4 <= last; row += 4) sum_rows<S, 4>(queries, rows, row, out);
  for (; row < last; ++row) sum_rows<S, 1>(queries, rows, row, out);
}

void products_of(MatrixView<const float> queries, MatrixView<const float> rows, std::size_t first,
                 std::size_t last, MatrixView<float> out) {
  sum_range<RowSum::products>(queries, rows, first, last, out);
}

void squared_differences_of(MatrixView<const float> queries, MatrixView<const float> rows, std::size_t first,
                            std::size_t last, MatrixView<float> out) {
  sum_range<RowSum::squared_differences>(queries, rows, first, last, out);
}

}  // namespace learndock::compute::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace learndock::compute {

HWY_EXPORT(products_of);
HWY_EXPORT(squared_differences_of);

void row_sums(RowSum sum, MatrixView<const float> queries, MatrixView<const float> rows,
              MatrixView<float> out, unsigned threads) {
  constexpr std::size_t kTaskRows = 512;
  run_tasks((rows.rows() + kTaskRows - 1) / kTaskRows, threads, [&](std::size_t task) {
    const std::size_t first = task * kTaskRows, last = std::min(first + kTaskRows, rows.rows());
    if (sum == RowSum::products)
      HWY_DYNAMIC_DISPATCH(products_of)(queries, rows, first, last, out);
    else
      HWY_DYNAMIC_DISPATCH(squared_differences_of)(queries, rows, first, last, out);
  });
}

}  // namespace learndock::compute
#endif
