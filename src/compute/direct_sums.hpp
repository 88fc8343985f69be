#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/compute/packed_sets.hpp"
#include "learndock/numeric/aligned_vector.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace learndock::compute {

/// Points laid out for kernel values by direct difference, |x - y|^2 = sum_k (x_k - y_k)^2 in fp64. No
/// product of large numbers cancels, so the error of a value is known without looking at the data:
/// certificates rest on that. About half as fast as fp64 products, which need a look at the norms.
class DirectPoints {
 public:
  /// Points stored together: the widest vector of doubles.
  static constexpr std::size_t kBlock = 8;

  explicit DirectPoints(MatrixView<const double> points);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t dimension() const { return dimension_; }
  [[nodiscard]] std::size_t blocks() const { return (count_ + kBlock - 1) / kBlock; }
  /// Coordinate k of point i at ((i / 8) * dimension + k) * 8 + i % 8; padding is zero.
  [[nodiscard]] const double* data() const { return values_.data(); }

 private:
  std::size_t count_, dimension_;
  AlignedVector<double> values_;
};

/// sums[i] = sum_j set.weights[j] * k(points_i, set.points_j) under `kernel` (the set's own is not read).
/// @threads  safe, on the calling thread
/// @cost     count * set.count * (dimension differences and multiply-adds, one exponential)
void direct_kernel_sums(const DirectPoints& points, const ReducedSetView& set, const Kernel& kernel,
                        std::span<double> sums);

/// Row i of `out` = map (D x S) times the kernel sums of sets[i] against the landmarks: what Backend::project
/// promises, on this machine's processors. Shapes were checked by the caller.
/// @threads  `threads` of them; the same bits for any number
void direct_project(const DirectPoints& landmarks, MatrixView<const double> map, const Kernel& kernel,
                    std::span<const ReducedSetView> sets, MatrixView<double> out, unsigned threads);

/// A query for many inner products by direct difference. @threads safe once made
class DirectQuery {
 public:
  DirectQuery(const ReducedSetView& query, const Kernel& kernel);
  /// <set, query>. Same bits for the same two sets on one instruction set.
  [[nodiscard]] double inner_product(const ReducedSetView& set) const;

 private:
  DirectPoints points_;
  std::vector<double> weights_;
  Kernel kernel_;
};

/// |computed - exact| <= direct_error(...) * sum|b| for a kernel sum over `terms` points, and
/// <= 2 direct_error(...) * sum|b| sum|c| for an inner product of two sets of at most `terms` points.
/// @source  rounding of the difference (1 unit), of `dimension` fused additions, of the exponential (4 units)
///          and of the sum over terms; t exp(-t) <= 1/e turns the exponent's relative error into an absolute
///          one
[[nodiscard]] double direct_error(const Kernel& kernel, std::size_t dimension, std::size_t terms);

}  // namespace learndock::compute
