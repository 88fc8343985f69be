#include "sketch/private_embedding.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <unistd.h>

namespace learndock::sketch {
namespace {

/// Evaluations of the fit. More would follow the noise: the reduced set has thousands of free values.
constexpr std::size_t kEvaluations = 60;

double normal_cdf(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

/// The smallest delta that noise of `multiplier` sensitivities gives at epsilon.
double delta_of(double multiplier, double epsilon) {
  const double a = 1 / (2 * multiplier), b = epsilon * multiplier;
  return normal_cdf(a - b) - std::exp(epsilon) * normal_cdf(-a - b);
}

/// Uniform in (0, 1] with 53 bits.
double uniform(std::uint64_t bits) { return (static_cast<double>(bits >> 11) + 1) * 0x1p-53; }

Matrix<double> public_start(std::size_t count, std::size_t dimension, double bound, std::uint64_t seed) {
  std::mt19937_64 random(seed + 1);
  std::normal_distribution<double> normal(0, bound / 3);
  Matrix<double> points(count, dimension);
  for (double& value : points.values()) value = std::clamp(normal(random), -bound, bound);
  return points;
}

}  // namespace

double gaussian_noise_multiplier(double epsilon, double delta) {
  double low = 1e-6, high = 1e9;  // delta falls from 1 to 0 as the noise grows
  for (int i = 0; i < 200; ++i) {
    const double middle = std::sqrt(low * high);
    (delta_of(middle, epsilon) <= delta ? high : low) = middle;
  }
  return high;
}

Result<std::vector<double>> system_noise(std::size_t count) {
  std::vector<double> noise(count);
  for (double& value : noise) {
    std::uint64_t bits[2];
    if (::getentropy(bits, sizeof bits) != 0)
      return fail(ErrorCode::unavailable, "the operating system gives no random numbers");
    value = std::sqrt(-2 * std::log(uniform(bits[0]))) * std::cos(2 * std::numbers::pi * uniform(bits[1]));
  }
  return noise;
}

FourierFeatures::FourierFeatures(std::size_t features, std::size_t dimension, const compute::Kernel& kernel,
                                 std::uint64_t seed)
    : frequencies_(features, dimension) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, std::sqrt(2 * kernel.gamma));
  for (double& value : frequencies_.values()) value = normal(random);
  if (kernel.scales == 1) return;
  // Scales take turns. The first one is drawn, which keeps the estimate unbiased for any number of
  // frequencies.
  const std::uint64_t first = random() % kernel.scales;
  for (std::size_t f = 0; f < features; ++f)
    for (double& value : frequencies_.row(f))
      value *= static_cast<double>(1U << ((first + f) % kernel.scales));
}

void FourierFeatures::of(std::span<const double> x, std::span<double> out) const {
  const std::size_t count = frequencies_.rows();
  const double scale = 1 / std::sqrt(static_cast<double>(count));
  for (std::size_t f = 0; f < count; ++f) {
    double angle = 0;
    for (std::size_t c = 0; c < x.size(); ++c) angle += frequencies_(f, c) * x[c];
    out[f] = scale * std::cos(angle);
    out[count + f] = scale * std::sin(angle);
  }
}

std::vector<double> FourierFeatures::mean(MatrixView<const float> data) const {
  std::vector<double> sum(size(), 0.0), features(size()), row(data.cols());
  for (std::size_t r = 0; r < data.rows(); ++r) {
    for (std::size_t c = 0; c < data.cols(); ++c)
      row[c] = std::isfinite(data(r, c)) ? static_cast<double>(data(r, c)) : 0;
    of(row, features);
    for (std::size_t f = 0; f < sum.size(); ++f) sum[f] += features[f];
  }
  for (double& value : sum) value /= static_cast<double>(data.rows());
  return sum;
}

Result<void> FeatureTarget::look_from(MatrixView<const double> points, bool) {
  const std::size_t k = points.rows();
  of_points_ = Matrix<double>(k, features_->size());
  gram_ = Matrix<double>(k, k);
  cross_.assign(k, 0.0);
  for (std::size_t i = 0; i < k; ++i) {
    features_->of(points.row(i), of_points_.row(i));
    for (std::size_t f = 0; f < mean_.size(); ++f) cross_[i] += of_points_(i, f) * mean_[f];
    for (std::size_t j = 0; j <= i; ++j) {
      const std::span<const double> a = of_points_.view().row(i), b = of_points_.view().row(j);
      double product = 0;
      for (std::size_t f = 0; f < a.size(); ++f) product += a[f] * b[f];
      gram_(i, j) = gram_(j, i) = product;
    }
  }
  return {};
}

/// 2 b_i J_i' (sum_j b_j phi(z_j) - mean), J_i the derivative of the features at z_i.
void FeatureTarget::gradient(std::span<const double> weights, MatrixView<double> out) const {
  const Matrix<double>& frequencies = features_->frequencies();
  const std::size_t count = frequencies.rows();
  std::vector<double> residual(mean_.size());
  for (std::size_t f = 0; f < residual.size(); ++f) residual[f] = -mean_[f];
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (std::size_t f = 0; f < residual.size(); ++f) residual[f] += weights[i] * of_points_(i, f);
  for (std::size_t i = 0; i < out.rows(); ++i) {
    const std::span<double> row = out.row(i);
    std::fill(row.begin(), row.end(), 0.0);
    for (std::size_t f = 0; f < count; ++f) {
      const double turn = of_points_(i, f) * residual[count + f] - of_points_(i, count + f) * residual[f];
      for (std::size_t c = 0; c < row.size(); ++c) row[c] += 2 * weights[i] * turn * frequencies(f, c);
    }
  }
}

Result<PrivateFit> reduce_privately(MatrixView<const float> data, std::size_t points,
                                    const compute::Kernel& kernel, const PrivacyOptions& options,
                                    std::uint64_t seed, std::span<const double> noise) {
  PrivacyGuarantee guarantee{options.epsilon,  options.delta, 2 / static_cast<double>(data.rows()), 0,
                             options.features, options.bound};
  guarantee.sigma = guarantee.sensitivity * gaussian_noise_multiplier(options.epsilon, options.delta);
  const FourierFeatures features(options.features, data.cols(), kernel, seed);
  std::vector<double> mean = features.mean(data);
  for (std::size_t f = 0; f < mean.size(); ++f) mean[f] += guarantee.sigma * noise[f];
  // From here on the rows are not read again.
  FeatureTarget target(features, std::move(mean));
  LEARNDOCK_TRY(Fit fit, fit_weights(target, public_start(points, data.cols(), options.bound, seed)));
  LEARNDOCK_TRY(fit, fit_jointly(target, std::move(fit), kernel, kEvaluations));
  for (double& value : fit.points.values()) value = std::clamp(value, -options.bound, options.bound);
  LEARNDOCK_TRY(fit, fit_weights(target, std::move(fit.points)));
  return PrivateFit{std::move(fit), guarantee};
}

}  // namespace learndock::sketch
