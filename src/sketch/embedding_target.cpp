#include "sketch/embedding_target.hpp"

#include <algorithm>
#include <utility>

namespace learndock::sketch {
namespace {

/// fp32 rounds an exponent gamma |x - y|^2 by a few units of gamma (|x|^2 + |y|^2), x and y around the middle
/// of the points. Up to this mean of gamma |x|^2 that stays below what the sums of many rows show (1e-5).
constexpr double kLargestExponent = 32;

/// Is the mean of gamma |x - mean|^2 at the narrowest scale within that? From a sample of rows, evenly
/// spread.
bool single_suffices(MatrixView<const float> data, const compute::Kernel& kernel) {
  constexpr std::size_t kSampled = 1024;
  const std::size_t count = std::min(data.rows(), kSampled);
  double spread = 0;
  for (std::size_t c = 0; c < data.cols(); ++c) {
    double sum = 0, squares = 0;
    const auto origin = static_cast<double>(data(0, c));
    for (std::size_t i = 0; i < count; ++i) {
      const double value = static_cast<double>(data(i * data.rows() / count, c)) - origin;
      sum += value;
      squares += value * value;
    }
    const double mean = sum / static_cast<double>(count);
    spread += squares / static_cast<double>(count) - mean * mean;
  }
  return kernel.narrowest_gamma() * spread <= kLargestExponent;
}

}  // namespace

DataTarget::DataTarget(MatrixView<const float> data, const compute::Kernel& kernel,
                       const compute::Backend& backend, RowSums sums)
    : data_(data),
      kernel_(kernel),
      backend_(&backend),
      single_(sums == RowSums::single_gradient && data.rows() > 0 && single_suffices(data, kernel)) {}

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
  points_ = Matrix<double>(points.rows(), points.cols(),
                           std::vector<double>(points.data(), points.data() + points.size()));
  LEARNDOCK_CHECK(fill_grams(with_gradient));
  return fill_means(with_gradient);
}

Result<void> DataTarget::fill_grams(bool with_slopes) {
  const std::size_t k = points_.rows();
  if (gram_.rows() != k) gram_ = Matrix<double>(k, k);
  if (!with_slopes || kernel_.scales == 1)
    return backend_->gram(std::as_const(points_).view(), kernel_, gram_.view());
  // Both are weighted means over the scales; K x K values a scale are little beside the rows'.
  Matrix<double> one(k, k);
  slope_gram_ = Matrix<double>(k, k);
  std::fill(gram_.values().begin(), gram_.values().end(), 0.0);
  for (std::uint32_t s = 0; s < kernel_.scales; ++s) {
    const double gamma = kernel_.gamma_of(s), share = 1.0 / kernel_.scales;
    LEARNDOCK_CHECK(backend_->gram(std::as_const(points_).view(), {gamma}, one.view()));
    for (std::size_t i = 0; i < k * k; ++i) {
      gram_.values()[i] += share * one.values()[i];
      slope_gram_.values()[i] += share * (gamma / kernel_.gamma) * one.values()[i];
    }
  }
  return {};
}

Result<void> DataTarget::fill_means(bool with_slopes) {
  const std::size_t k = points_.rows(), d = points_.cols();
  cross_.resize(k);
  compute::DataSums sums{cross_, {}};
  if (with_slopes) {
    slope_mean_.resize(k);
    if (slope_point_mean_.rows() != k || slope_point_mean_.cols() != d)
      slope_point_mean_ = Matrix<double>(k, d);
    sums.slope = slope_mean_;
    sums.slope_point = slope_point_mean_.view();
  }
  LEARNDOCK_CHECK(sum_over_rows(with_slopes, sums));
  const auto n = static_cast<double>(data_.rows());
  for (double& value : cross_) value /= n;
  if (!with_slopes) return {};
  for (double& value : slope_mean_) value /= n;
  for (double& value : slope_point_mean_.values()) value /= n;
  return {};
}

// A few rows far beyond all others may still not fit fp32, or a trial step lead there: then fp64 answers.
Result<void> DataTarget::sum_over_rows(bool with_slopes, const compute::DataSums& sums) const {
  if (single_ && with_slopes) {
    const compute::ReductionJob job{points_.view(), data_, kernel_, sums};
    const Result<void> done = backend_->reduction_sums({&job, 1});
    if (done || done.error().code != ErrorCode::invalid_argument) return done;
  }
  return backend_->data_sums(points_.view(), data_, kernel_, sums);
}

void DataTarget::gradient(std::span<const double> weights, MatrixView<double> out) const {
  pull(weights, 1, out);
  for (std::size_t i = 0; i < out.rows(); ++i)
    for (double& value : out.row(i)) value *= -4 * kernel_.gamma * weights[i];
}

// The inner loop runs along rows, so that a thousand points cost K * K * d additions and not as many cache
// misses.
void DataTarget::pull(std::span<const double> weights, double attraction, MatrixView<double> out) const {
  const std::size_t k = points_.rows(), d = points_.cols();
  const Matrix<double>& slopes = kernel_.scales == 1 ? gram_ : slope_gram_;
  for (std::size_t i = 0; i < k; ++i) {
    double mass = 0;
    for (std::size_t j = 0; j < k; ++j) mass += weights[j] * slopes(i, j);
    const std::span<const double> z = points_.row(i);
    const std::span<double> sum = out.row(i);
    for (std::size_t c = 0; c < d; ++c) sum[c] = mass * z[c];
    for (std::size_t j = 0; j < k; ++j) {
      const double share = weights[j] * slopes(i, j);
      const std::span<const double> other = points_.row(j);
      for (std::size_t c = 0; c < d; ++c) sum[c] -= share * other[c];
    }
    for (std::size_t c = 0; c < d; ++c)
      sum[c] -= attraction * (slope_mean_[i] * z[c] - slope_point_mean_(i, c));
  }
}

}  // namespace learndock::sketch
