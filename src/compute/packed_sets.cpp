#include "learndock/compute/packed_sets.hpp"

#include "learndock/compute/backend.hpp"

#include "compute/checks.hpp"
#include "numeric/sums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace learndock::compute {
namespace {

/// 2^-24: half the distance between neighbouring floats of size one.
constexpr double kUnit = 0x1p-24;

Result<void> check(std::span<const ReducedSetView> sets, const Kernel& kernel,
                   std::span<const double> centre) {
  LEARNDOCK_CHECK(check_single_kernel(kernel));
  for (const ReducedSetView& set : sets)
    if (set.dimension != centre.size())
      return fail(ErrorCode::invalid_argument,
                  fmt::format("dimension of a set is {}, expected {}", set.dimension, centre.size()));
  return {};
}

/// Rounding of a kernel value given its exponent, in units of its largest possible value. The exponential is
/// good to 4 units (2^-22). Squaring doubles a relative error and adds a unit, twice from scale to scale: 5
/// 4^s - 1 units at scale s. Of these the mean; then the additions, and the share and its product.
double kernel_units(std::uint32_t scales) {
  const double count = scales, powers = (std::pow(4.0, count) - 1) / 3;
  return 5 * powers / count - 1 + (scales > 1 ? count + 1 : 0);
}

}  // namespace

Result<PackedSets> PackedSets::pack(std::span<const ReducedSetView> sets, const Kernel& kernel,
                                    std::span<const double> centre) {
  LEARNDOCK_CHECK(check(sets, kernel, centre));
  PackedSets packed;
  packed.kernel_ = kernel;
  packed.centre_.assign(centre.begin(), centre.end());
  packed.starts_.push_back(0);
  for (const ReducedSetView& set : sets) packed.starts_.push_back(packed.starts_.back() + set.count);
  const std::size_t d = centre.size(), rows = packed.starts_.back();
  const std::size_t padded = (rows + kBlockRows - 1) / kBlockRows * kBlockRows;
  packed.points_.assign(padded * d, 0.0F);
  packed.weights_.assign(padded, 0.0F);
  packed.squared_norms_.assign(padded, 0.0F);
  std::size_t row = 0;
  const double most = largest_single_norm(kernel);
  double largest = 0;
  bool finite = true;
  for (const ReducedSetView& set : sets)
    for (std::size_t i = 0; i < set.count; ++i, ++row) {
      float* const target = packed.points_.data() + row / kBlockRows * d * kBlockRows + row % kBlockRows;
      double norm = 0;
      for (std::size_t k = 0; k < d; ++k) {
        const auto value = static_cast<float>(set.points[i * d + k] - centre[k]);
        target[k * kBlockRows] = value;
        norm += static_cast<double>(value) * static_cast<double>(value);
      }
      packed.squared_norms_[row] = static_cast<float>(norm);
      packed.weights_[row] = static_cast<float>(set.weights[i]);
      finite = finite && norm <= most && std::isfinite(packed.weights_[row]);
      largest = std::max(largest, norm);
    }
  if (!finite) return beyond_single("a reduced set");
  packed.radius_ = std::sqrt(largest);
  return packed;
}

PackedSetsView PackedSets::view() const {
  return {points_.data(), weights_.data(),    squared_norms_.data(), starts_.data(),
          centre_.data(), starts_.size() - 1, centre_.size(),        kernel_};
}

std::vector<double> mean_row(std::span<const ReducedSetView> sets, std::size_t dimension) {
  std::vector<double> mean(dimension, 0.0);
  double rows = 0;
  for (const ReducedSetView& set : sets) {
    rows += static_cast<double>(set.count);
    for (std::size_t i = 0; i < set.count; ++i)
      for (std::size_t k = 0; k < dimension; ++k) mean[k] += set.points[i * dimension + k];
  }
  for (double& value : mean) value /= std::max(rows, 1.0);
  return mean;
}

std::vector<double> median_row(MatrixView<const double> rows) {
  return numeric::median_row(rows.rows(), rows.cols(),
                             [&](std::size_t row, std::size_t column) { return rows(row, column); });
}

double cross_term_error(const Kernel& kernel, std::size_t dimension, double radius_a, double radius_b) {
  // The exponent t = gamma |x - y|^2 with R = |x| + |y|: coordinates rounded (2 R^2), norms rounded and added
  // (4 R^2), d products summed in turn, each factor rounded once more (2 (d + 2) |x| |y| <= (d + 2) R^2 / 2).
  const double r = radius_a + radius_b, d = static_cast<double>(dimension);
  const double exponent = kernel.narrowest_gamma() * kUnit * r * r * (6 + (d + 2) / 2);
  // Weights and partial sums of at most 128 terms in fp32, then fp64.
  const double rounding = kUnit * (kernel_units(kernel.scales) + 4 + 128);
  return std::expm1(exponent) + rounding + 0x1p-125;
}

}  // namespace learndock::compute
