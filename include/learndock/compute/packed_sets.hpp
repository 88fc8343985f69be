#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/kernel.hpp"
#include "learndock/numeric/aligned_vector.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace learndock::compute {

struct ReducedSetView;

/// Rows stored together; a multiple of every SIMD width and the size of a GPU warp. Part of stored layouts:
/// do not change.
inline constexpr std::size_t kBlockRows = 32;

/// Many reduced sets of one feature space in one piece of memory: fp32, minus a common centre. The rows of
/// all sets follow each other, in blocks of kBlockRows rows; the last block is filled up with rows of weight
/// zero. Non-owning.
///
///   coordinate k of row r: points[((r / 32) * dimension + k) * 32 + r % 32]
struct PackedSetsView {
  const float* points = nullptr;          ///< [blocks * dimension * 32]
  const float* weights = nullptr;         ///< [blocks * 32]
  const float* squared_norms = nullptr;   ///< [blocks * 32] of the stored rows
  const std::uint64_t* starts = nullptr;  ///< [count + 1] first row of each set; starts[count] = rows in all
  const double* centre = nullptr;         ///< [dimension] what was subtracted
  std::size_t count = 0;                  ///< sets
  std::size_t dimension = 0;
  Kernel kernel;

  [[nodiscard]] float coordinate(std::size_t row, std::size_t k) const {
    return points[(row / kBlockRows * dimension + k) * kBlockRows + row % kBlockRows];
  }
  [[nodiscard]] std::size_t rows() const { return count == 0 ? 0 : starts[count]; }
  [[nodiscard]] std::size_t blocks() const { return (rows() + kBlockRows - 1) / kBlockRows; }
};

/// Owns what a PackedSetsView shows.
class PackedSets {
 public:
  /// @param centre  [dimension]; near the middle of the data, so that squared norms do not cancel
  /// @errors invalid_argument: another dimension, scales out of range; gamma, rows, weights or gamma times a
  /// row's
  ///         squared norm not finite or beyond fp32
  /// @cost   linear
  [[nodiscard]] static Result<PackedSets> pack(std::span<const ReducedSetView> sets, const Kernel& kernel,
                                               std::span<const double> centre);

  [[nodiscard]] PackedSetsView view() const;
  /// The largest distance of a row from the centre.
  [[nodiscard]] double radius() const { return radius_; }

 private:
  PackedSets() = default;
  AlignedVector<float> points_, weights_, squared_norms_;
  std::vector<std::uint64_t> starts_;
  std::vector<double> centre_;
  Kernel kernel_;
  double radius_ = 0;
};

/// The mean of all rows, which is what most callers want as the centre. Zero for no rows.
[[nodiscard]] std::vector<double> mean_row(std::span<const ReducedSetView> sets, std::size_t dimension);

/// Of each coordinate the median over the rows: a centre that some rows far off do not move to where nothing
/// is left of the others' differences. Zero for no rows.
[[nodiscard]] std::vector<double> median_row(MatrixView<const double> rows);

/// A priori bound (B8 of the search's mathematics) on the error of an fp32 cross term, per unit of weight:
///   |computed <mu_a, mu_b> - exact| <= cross_term_error(...) * sum|a's weights| * sum|b's weights|
/// for rows within `radius_a` and `radius_b` of the centre. It covers the rounding of coordinates to fp32, of
/// the products, of the exponential and of the sums; "exact" means in real numbers on the fp64 originals.
[[nodiscard]] double cross_term_error(const Kernel& kernel, std::size_t dimension, double radius_a,
                                      double radius_b);

}  // namespace learndock::compute
