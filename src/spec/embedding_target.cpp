#include "spec/embedding_target.hpp"

#include <algorithm>

namespace learndock::spec {

double EmbeddingTarget::objective(std::span<const double> weights) const {
  double value = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    double row = 0;
    for (std::size_t j = 0; j < weights.size(); ++j) row += gram_(i, j) * weights[j];
    value += weights[i] * (row - 2 * cross_[i]);
  }
  return value;
}

Result<void> DataTarget::look_from(MatrixView<const double> points, bool with_gradient) {
  const std::size_t k = points.rows(), d = points.cols();
  if (gram_.rows() != k) gram_ = Matrix<double>(k, k);
  if (with_gradient && (point_mean_.rows() != k || point_mean_.cols() != d))
    point_mean_ = Matrix<double>(k, d);
  cross_.resize(k);
  points_ = Matrix<double>(k, d, std::vector<double>(points.data(), points.data() + points.size()));
  LEARNDOCK_CHECK(backend_->gram(points, {gamma_}, gram_.view()));
  const MatrixView<double> point_sums = with_gradient ? point_mean_.view() : MatrixView<double>();
  LEARNDOCK_CHECK(backend_->data_sums(points, data_, {gamma_}, {cross_, point_sums}));
  const auto n = static_cast<double>(data_.rows());
  for (double& value : cross_) value /= n;
  if (with_gradient)
    for (double& value : point_mean_.values()) value /= n;
  return {};
}

void DataTarget::gradient(std::span<const double> weights, MatrixView<double> out) const {
  pull(weights, 1, out);
  for (std::size_t i = 0; i < out.rows(); ++i)
    for (double& value : out.row(i)) value *= -4 * gamma_ * weights[i];
}

// The inner loop runs along rows, so that a thousand points cost K * K * d additions and not as many cache
// misses.
void DataTarget::pull(std::span<const double> weights, double attraction, MatrixView<double> out) const {
  const std::size_t k = points_.rows(), d = points_.cols();
  for (std::size_t i = 0; i < k; ++i) {
    double mass = 0;
    for (std::size_t j = 0; j < k; ++j) mass += weights[j] * gram_(i, j);
    const std::span<const double> z = points_.row(i);
    const std::span<double> sum = out.row(i);
    for (std::size_t c = 0; c < d; ++c) sum[c] = mass * z[c];
    for (std::size_t j = 0; j < k; ++j) {
      const double share = weights[j] * gram_(i, j);
      const std::span<const double> other = points_.row(j);
      for (std::size_t c = 0; c < d; ++c) sum[c] -= share * other[c];
    }
    for (std::size_t c = 0; c < d; ++c) sum[c] -= attraction * (cross_[i] * z[c] - point_mean_(i, c));
  }
}

}  // namespace learndock::spec
