#include "sketch/private_embedding.hpp"

#include "support/generators.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace learndock::sketch {
namespace {

using testing::backend;
using testing::random_data;

double norm_of(const std::vector<double>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

TEST(GaussianNoise, MultiplierIsTheLeastThatKeepsDelta) {
  const auto cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  for (const double epsilon : {0.1, 1.0, 8.0})
    for (const double delta : {1e-3, 1e-6, 1e-12}) {
      const double s = gaussian_noise_multiplier(epsilon, delta);
      const auto spent = [&](double m) {
        return cdf(0.5 / m - epsilon * m) - std::exp(epsilon) * cdf(-0.5 / m - epsilon * m);
      };
      EXPECT_LE(spent(s), delta * (1 + 1e-9));
      EXPECT_GT(spent(0.99 * s), delta);
      if (epsilon < 1) {  // the textbook's sufficient noise is more
        EXPECT_LT(s, std::sqrt(2 * std::log(1.25 / delta)) / epsilon);
      }
    }
}

TEST(GaussianNoise, MultiplierOfAPublishedCase) {
  EXPECT_NEAR(gaussian_noise_multiplier(1, 1e-5), 3.730632, 1e-5);  // the textbook's is 4.84
}

TEST(FourierFeatures, HaveNormOneAndEstimateTheKernel) {
  const FourierFeatures features(20'000, 3, {0.2}, 1);
  const std::vector<double> x{0.3, -1, 2}, y{1, 0, 1.5};
  std::vector<double> a(features.size()), b(features.size());
  features.of(x, a);
  features.of(y, b);
  EXPECT_NEAR(norm_of(a), 1, 1e-12);
  EXPECT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0),
              std::exp(-0.2 * (0.7 * 0.7 + 1 + 0.5 * 0.5)), 0.02);
}

TEST(FourierFeatures, EstimateTheKernelOfEachNumberOfScales) {
  const std::vector<double> x{0.3, -1, 2}, y{1, 0, 1.5};
  const double squared = 0.7 * 0.7 + 1 + 0.5 * 0.5;
  double kernel = 0;
  for (std::uint32_t scales = 1; scales <= compute::kMaxScales; ++scales) {
    kernel += std::exp(-0.05 * std::pow(4.0, scales - 1.0) * squared);
    const FourierFeatures features(20'003, 3, {0.05, scales}, 1);  // no multiple of any number of scales
    std::vector<double> a(features.size()), b(features.size());
    features.of(x, a);
    features.of(y, b);
    EXPECT_NEAR(norm_of(a), 1, 1e-12);
    EXPECT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), kernel / scales, 0.02) << scales;
  }
}

TEST(FourierFeatures, OneRowMovesTheMeanByAtMostTwoOverN) {
  const FourierFeatures features(64, 2, {0.5}, 2);
  const float nan = std::numeric_limits<float>::quiet_NaN(), huge = std::numeric_limits<float>::max();
  const auto data = random_data(25, 2, 3);
  const auto mean = features.mean(data.view());
  for (const float value : {0.0F, 1e4F, huge, -huge, nan, std::numeric_limits<float>::infinity()}) {
    auto neighbour = data;
    neighbour(7, 0) = neighbour(7, 1) = value;
    auto moved = features.mean(neighbour.view());
    for (std::size_t f = 0; f < moved.size(); ++f) moved[f] -= mean[f];
    EXPECT_GT(norm_of(moved), 0);  // NaN fails here
    EXPECT_LE(norm_of(moved), 2.0 / 25 + 1e-12) << value;
  }
}

TEST(FeatureTarget, GradientIsThatOfTheObjective) {
  const FourierFeatures features(40, 3, {0.3}, 4);
  const auto mean = features.mean(random_data(30, 3, 5).view());
  const auto set = testing::random_set({.count = 5, .dimension = 3}, 6);
  FeatureTarget target(features, mean);
  ASSERT_TRUE(target.look_from(set.points.view(), true).has_value());
  Matrix<double> gradient(5, 3);
  target.gradient(set.weights, gradient.view());
  const auto objective = [&](const Matrix<double>& points) {
    FeatureTarget moved(features, mean);
    EXPECT_TRUE(moved.look_from(points.view(), false).has_value());
    return moved.objective(set.weights);
  };
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      Matrix<double> up = set.points, down = set.points;
      up(i, c) += 1e-5;
      down(i, c) -= 1e-5;
      EXPECT_NEAR(gradient(i, c), (objective(up) - objective(down)) / 2e-5, 1e-9);
    }
}

TEST(Private, NothingButTheNoisyMeanReachesTheResult) {
  // Two data sets whose noise makes up for their difference are indistinguishable.
  const auto a = random_data(200, 2, 7), b = random_data(200, 2, 8, 0.5F);
  const PrivacyOptions options{.epsilon = 2, .delta = 1e-4, .features = 32};
  std::vector<double> noise(64, 0.25), other(64);
  const auto one = reduce_privately(a.view(), 8, {0.2}, options, 9, noise).value();
  const FourierFeatures features(32, 2, {0.2}, 9);
  const auto mean_a = features.mean(a.view()), mean_b = features.mean(b.view());
  for (std::size_t f = 0; f < 64; ++f) other[f] = noise[f] + (mean_a[f] - mean_b[f]) / one.guarantee.sigma;
  const auto two = reduce_privately(b.view(), 8, {0.2}, options, 9, other).value();
  for (std::size_t i = 0; i < 16; ++i)
    EXPECT_NEAR(one.fit.points.values()[i], two.fit.points.values()[i], 1e-3);
  const auto unmasked = reduce_privately(b.view(), 8, {0.2}, options, 9, noise).value();
  EXPECT_NE(unmasked.fit.points, one.fit.points);
}

TEST(Private, StatesWhatItEarnedAndMeasuresNothing) {
  const auto data = random_data(500, 2, 10);
  ReducerOptions options;
  options.points = 10;
  options.privacy = PrivacyOptions{.epsilon = 1, .delta = 1e-5, .bound = 0.7, .features = 64};
  const auto result = reduce(data.view(), options, backend()).value();
  ASSERT_TRUE(result.privacy.has_value());
  EXPECT_EQ(result.privacy->sensitivity, 2.0 / 500);
  EXPECT_NEAR(result.privacy->sigma, 2.0 / 500 * gaussian_noise_multiplier(1, 1e-5), 1e-15);
  EXPECT_FALSE(result.mmd_squared_to_data.has_value());
  for (const double value : result.spec.points.values()) EXPECT_LE(std::abs(value), 0.7);
  EXPECT_NEAR(std::accumulate(result.spec.weights.begin(), result.spec.weights.end(), 0.0), 1, 1e-12);
  EXPECT_EQ(result.spec.kernel.scales, 1u);
  options.scales = 3;
  EXPECT_EQ(reduce(data.view(), options, backend())->spec.kernel.scales, 3u);
  options.scales = 1;
  // The noise is never drawn twice, whatever the seed.
  EXPECT_NE(reduce(data.view(), options, backend())->spec, result.spec);
}

TEST(Private, MoreRowsComeCloser) {
  const auto distance = [](std::size_t rows, double epsilon) {
    const auto data = random_data(rows, 2, 11);
    std::vector<double> noise(256);
    for (std::size_t f = 0; f < noise.size(); ++f) noise[f] = f % 2 == 0 ? 1 : -1;
    const PrivacyOptions options{.epsilon = epsilon, .delta = 1e-5, .features = 128};
    const auto made = reduce_privately(data.view(), 15, {0.2}, options, 12, noise).value();
    DataTarget target(data.view(), {0.2}, backend());
    EXPECT_TRUE(target.look_from(made.fit.points.view(), false).has_value());
    std::vector<double> sums(rows);
    Matrix<double> rows_as_points(rows, 2, std::vector<double>(data.values().begin(), data.values().end()));
    EXPECT_TRUE(backend().data_sums(rows_as_points.view(), data.view(), {0.2}, {sums, {}}).has_value());
    const auto n = static_cast<double>(rows);
    return target.objective(made.fit.weights) + std::accumulate(sums.begin(), sums.end(), 0.0) / (n * n);
  };
  EXPECT_LT(distance(4000, 1), 1e-3);
  EXPECT_GT(distance(40, 1), 1e-2);
  EXPECT_LT(distance(40, 100), distance(40, 1));
}

TEST(Private, RefusesWhatWouldReadTheRowsOrPromiseNothing) {
  const auto data = random_data(50, 2, 13);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ReducerOptions good;
  good.privacy = PrivacyOptions{.features = 16};
  EXPECT_TRUE(reduce(data.view(), good, backend()).has_value());
  std::vector<ReducerOptions> wrong(10, good);
  wrong[0].gamma = std::nullopt;
  wrong[1].min_cluster = 2;
  wrong[2].privacy->epsilon = 0;
  wrong[3].privacy->epsilon = nan;
  wrong[4].privacy->epsilon = 101;
  wrong[5].privacy->delta = 0;
  wrong[6].privacy->delta = 1;
  wrong[7].privacy->bound = 0;
  wrong[8].privacy->bound = std::numeric_limits<double>::infinity();
  wrong[9].privacy->features = 0;
  for (const auto& options : wrong)
    EXPECT_EQ(reduce(data.view(), options, backend()).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace learndock::sketch
