#include "compute/direct_sums.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "compute/direct_kernels.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

namespace learndock::compute {
namespace {

/// Sets whose kernel sums are mapped by one product.
constexpr std::size_t kProjectedAtOnce = 64;

}  // namespace

DirectPoints::DirectPoints(MatrixView<const double> points)
    : count_(points.rows()), dimension_(points.cols()), values_(blocks() * dimension_ * kBlock, 0.0) {
  for (std::size_t i = 0; i < count_; ++i)
    for (std::size_t k = 0; k < dimension_; ++k)
      values_[(i / kBlock * dimension_ + k) * kBlock + i % kBlock] = points(i, k);
}

void direct_kernel_sums(const DirectPoints& points, const ReducedSetView& set, const Kernel& kernel,
                        std::span<double> sums) {
  assert(sums.size() == points.count() && set.dimension == points.dimension());
  std::array<double, DirectPoints::kBlock> block_sums;
  for (std::size_t b = 0; b < points.blocks(); ++b) {
    const std::size_t first = b * DirectPoints::kBlock,
                      count = std::min(DirectPoints::kBlock, sums.size() - first);
    direct_block_sums(
        {points.data() + first * set.dimension, set.points, set.weights, set.count, set.dimension}, kernel,
        block_sums.data());
    std::copy_n(block_sums.begin(), count, sums.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

void direct_project(const DirectPoints& landmarks, MatrixView<const double> map, const Kernel& kernel,
                    std::span<const ReducedSetView> sets, MatrixView<double> out, unsigned threads) {
  std::fill_n(out.data(), landmarks.count() == 0 ? out.size() : 0, 0.0);
  if (landmarks.count() == 0 || map.rows() == 0) return;
  run_tasks((sets.size() + kProjectedAtOnce - 1) / kProjectedAtOnce, threads, [&](std::size_t task) {
    const std::size_t first = task * kProjectedAtOnce,
                      count = std::min(kProjectedAtOnce, sets.size() - first);
    Matrix<double> sums(count, landmarks.count());
    for (std::size_t i = 0; i < count; ++i)
      direct_kernel_sums(landmarks, sets[first + i], kernel, sums.row(i));
    multiply_transposed(sums.values().data(), count, map.data(), map.rows(), landmarks.count(),
                        out.row(first).data());
  });
}

DirectQuery::DirectQuery(const ReducedSetView& query, const Kernel& kernel)
    : points_({query.points, query.count, query.dimension}),
      weights_(points_.blocks() * DirectPoints::kBlock, 0.0),
      kernel_(kernel) {
  std::copy_n(query.weights, query.count, weights_.begin());
}

double DirectQuery::inner_product(const ReducedSetView& set) const {
  assert(set.dimension == points_.dimension());
  constexpr std::size_t kGroup = kSummedRows / DirectPoints::kBlock;
  std::array<double, DirectPoints::kBlock> sums;
  double total = 0, group = 0;
  for (std::size_t b = 0; b < points_.blocks(); ++b) {
    const std::size_t first = b * DirectPoints::kBlock;
    direct_block_sums(
        {points_.data() + first * set.dimension, set.points, set.weights, set.count, set.dimension}, kernel_,
        sums.data());
    for (std::size_t i = 0; i < sums.size(); ++i) group += weights_[first + i] * sums[i];
    if ((b + 1) % kGroup != 0) continue;
    total += group;
    group = 0;
  }
  return total + group;
}

double direct_error(const Kernel& kernel, std::size_t dimension, std::size_t terms) {
  constexpr double kUnit = 0x1p-53;
  const double d = static_cast<double>(dimension);
  const double sums = static_cast<double>(std::min(terms, kSummedRows) + terms / kSummedRows + 4);
  // A squaring doubles a relative error, so scale s carries 4^s times the exponential's; the exponent's own
  // error grows with its exponent and stays below 1/e for every scale.
  const double exponential = 8 * std::pow(4.0, static_cast<double>(kernel.scales - 1)) + 8;
  return 2 * kUnit * ((d + 8) / 2 + exponential + sums);
}

}  // namespace learndock::compute
