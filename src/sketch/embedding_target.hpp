#pragma once

#include "learndock/compute/backend.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace learndock::sketch {

/// The mean embedding that a reduced set sum_i b_i phi(z_i) is to approximate, seen from points z:
///   f(z, b) = b'Hb - 2 c'b,  H_ij = <phi(z_i), phi(z_j)>,  c_i = <phi(z_i), target>,
/// which is the squared distance less the target's own term.
class EmbeddingTarget {
 public:
  virtual ~EmbeddingTarget() = default;
  /// Computes H and c for these points and, when wanted, what `gradient` needs of them.
  [[nodiscard]] virtual Result<void> look_from(MatrixView<const double> points, bool with_gradient) = 0;
  /// df/dz at the points last looked from, for fixed weights. For weights that minimise f it is also the
  /// gradient of min_b f(z, b).
  virtual void gradient(std::span<const double> weights, MatrixView<double> out) const = 0;

  [[nodiscard]] const Matrix<double>& gram() const { return gram_; }
  [[nodiscard]] std::span<const double> cross() const { return cross_; }
  [[nodiscard]] double objective(std::span<const double> weights) const;

 protected:
  EmbeddingTarget() = default;
  EmbeddingTarget(const EmbeddingTarget&) = default;
  EmbeddingTarget& operator=(const EmbeddingTarget&) = default;

  Matrix<double> gram_;        // H
  std::vector<double> cross_;  // c
};

/// The precision in which a target sums over rows.
enum class RowSums : std::uint8_t {
  exact,           ///< kernel values in fp64
  single_gradient  ///< where a gradient is wanted, and the kernel is not too narrow for the rows, in fp32
};

/// The empirical embedding 1/n sum_x phi(x) of rows under a Gaussian kernel of one or several scales. Keeps
/// views of the rows and the backend, and K x K and K x d values, nothing of size n x K.
class DataTarget final : public EmbeddingTarget {
 public:
  DataTarget(MatrixView<const float> data, const compute::Kernel& kernel, const compute::Backend& backend,
             RowSums sums = RowSums::exact);

  [[nodiscard]] Result<void> look_from(MatrixView<const double> points, bool with_gradient) override;

  /// h being the kernel's slope (compute::Kernel):
  ///   -4 gamma b_i [ sum_j b_j h_ij (z_i - z_j) - 1/n sum_x h(z_i, x) (z_i - x) ]
  void gradient(std::span<const double> weights, MatrixView<double> out) const override;

  /// Row i of out: sum_j b_j h_ij (z_i - z_j) - attraction / n sum_x h(z_i, x) (z_i - x).
  void pull(std::span<const double> weights, double attraction, MatrixView<double> out) const;

 private:
  MatrixView<const float> data_;
  [[nodiscard]] Result<void> fill_grams(bool with_slopes);
  [[nodiscard]] Result<void> fill_means(bool with_slopes);
  [[nodiscard]] Result<void> sum_over_rows(bool with_slopes, const compute::DataSums& sums) const;

  compute::Kernel kernel_;
  const compute::Backend* backend_;
  bool single_;  // gradients may use fp32
  Matrix<double> points_;
  Matrix<double> slope_gram_;        // h_ij; empty for one scale, where it is H
  std::vector<double> slope_mean_;   // 1/n sum_x h(z_i, x)
  Matrix<double> slope_point_mean_;  // 1/n sum_x h(z_i, x) x
};

}  // namespace learndock::sketch
