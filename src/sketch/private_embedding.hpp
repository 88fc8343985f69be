#pragma once

#include "learndock/sketch/reducer.hpp"

#include "sketch/joint_reducer.hpp"

namespace learndock::sketch {

// Differential privacy for a reduced set. Only one quantity is computed from the rows: the mean of their
// random Fourier features, to which Gaussian noise is added. Features have norm one whatever the row holds,
// so replacing one of n rows moves the mean by at most 2/n. Points and weights are then fitted to the noisy
// mean alone, which by post-processing costs nothing further.

/// The least sigma / sensitivity for which Gaussian noise gives (epsilon, delta), to rounding.
/// @source Balle and Wang, "Improving the Gaussian Mechanism for Differential Privacy" (2018), theorem 8
[[nodiscard]] double gaussian_noise_multiplier(double epsilon, double delta);

/// Standard normal numbers from the operating system's entropy: no one can draw them again.
/// @errors unavailable
[[nodiscard]] Result<std::vector<double>> system_noise(std::size_t count);

/// phi(x) = (cos(Wx), sin(Wx)) / sqrt(F), W of F x d normal numbers of variance 2 gamma, drawn from a public
/// seed; with several scales each takes its share of the frequencies, of variance 2 gamma 4^s: <phi(x),
/// phi(y)> is an unbiased estimate of k(x, y), and |phi(x)| = 1.
/// @source Rahimi and Recht, "Random Features for Large-Scale Kernel Machines" (2007)
class FourierFeatures {
 public:
  FourierFeatures(std::size_t features, std::size_t dimension, const compute::Kernel& kernel,
                  std::uint64_t seed);
  [[nodiscard]] std::size_t size() const { return 2 * frequencies_.rows(); }
  [[nodiscard]] const Matrix<double>& frequencies() const { return frequencies_; }
  void of(std::span<const double> x, std::span<double> out) const;
  /// The mean over the rows. A cell that is not finite counts as zero, so that no row touches another's.
  [[nodiscard]] std::vector<double> mean(MatrixView<const float> data) const;

 private:
  Matrix<double> frequencies_;
};

/// A mean embedding given by its Fourier features.
class FeatureTarget final : public EmbeddingTarget {
 public:
  FeatureTarget(const FourierFeatures& features, std::vector<double> mean)
      : features_(&features), mean_(std::move(mean)) {}
  [[nodiscard]] Result<void> look_from(MatrixView<const double> points, bool with_gradient) override;
  void gradient(std::span<const double> weights, MatrixView<double> out) const override;

 private:
  const FourierFeatures* features_;
  std::vector<double> mean_;
  Matrix<double> of_points_;  // K x features
};

struct PrivateFit {
  Fit fit;
  PrivacyGuarantee guarantee;
};

/// Points and weights fitted to the noisy mean; where the search for points starts does not depend on the
/// rows.
/// @param noise  2 * options.features standard normal numbers
[[nodiscard]] Result<PrivateFit> reduce_privately(MatrixView<const float> data, std::size_t points,
                                                  const compute::Kernel& kernel,
                                                  const PrivacyOptions& options, std::uint64_t seed,
                                                  std::span<const double> noise);

}  // namespace learndock::sketch
