#include "sketch/joint_reducer.hpp"

#include "learndock/sketch/reducer.hpp"

#include "sketch/embedding_target.hpp"
#include "sketch/lbfgs.hpp"
#include "support/generators.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <random>

namespace learndock::sketch {
namespace {

using testing::backend;
using testing::random_data;

/// Three Gaussian components with different spreads.
Matrix<float> mixture(std::size_t rows, std::size_t d, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Matrix<double> means(3, d);
  for (double& value : means.values()) value = 1.2 * normal(random);
  Matrix<float> data(rows, d);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t component = random() % 3;
    for (std::size_t c = 0; c < d; ++c)
      data(r, c) = static_cast<float>(
          means(component, c) + (0.4 + 0.2 * static_cast<double>((component + c) % 3)) * normal(random));
  }
  return data;
}

ReducedData reduced(const Matrix<float>& data, ReducerMethod method, std::size_t points,
                    std::optional<double> gamma = 0.1) {
  ReducerOptions options;
  options.method = method;
  options.points = points;
  options.gamma = gamma;
  return reduce(data.view(), options, backend()).value();
}

TEST(DataTarget, GradientIsThatOfTheObjectiveForEachNumberOfScales) {
  const auto data = random_data(80, 3, 1);
  const auto set = testing::random_set({.count = 6, .dimension = 3}, 2);
  for (std::uint32_t scales = 1; scales <= compute::kMaxScales; ++scales)
    for (const char* name : {"cpu", "cpu_reference"}) {
      const auto exact = compute::open_backend(name).value();
      const compute::Kernel kernel{0.3, scales};
      DataTarget target(data.view(), kernel, *exact);
      ASSERT_TRUE(target.look_from(set.points.view(), true).has_value());
      Matrix<double> gradient(6, 3);
      target.gradient(set.weights, gradient.view());
      const auto objective = [&](const Matrix<double>& points) {
        DataTarget moved(data.view(), kernel, *exact);
        EXPECT_TRUE(moved.look_from(points.view(), false).has_value());
        return moved.objective(set.weights);
      };
      for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t c = 0; c < 3; ++c) {
          Matrix<double> up = set.points, down = set.points;
          up(i, c) += 1e-5;
          down(i, c) -= 1e-5;
          // The difference's own error is its third derivative's, which grows with the narrowest gamma.
          EXPECT_NEAR(gradient(i, c), (objective(up) - objective(down)) / 2e-5,
                      1e-9 * std::pow(4.0, scales - 1.0))
              << name << " scales " << scales;
        }
    }
}

TEST(DataTarget, LooksTheSameWithAndWithoutAGradient) {
  const auto data = random_data(50, 3, 1);
  const auto set = testing::random_set({.count = 5, .dimension = 3}, 2);
  DataTarget with(data.view(), {0.1, 3}, backend()), without(data.view(), {0.1, 3}, backend());
  ASSERT_TRUE(with.look_from(set.points.view(), true).has_value());
  ASSERT_TRUE(without.look_from(set.points.view(), false).has_value());
  for (std::size_t i = 0; i < 25; ++i)
    EXPECT_NEAR(with.gram().values()[i], without.gram().values()[i], 1e-14);
  EXPECT_NEAR(with.objective(set.weights), without.objective(set.weights), 1e-13);
}

TEST(DataTarget, SinglePrecisionServesGradientsOfKernelsThatAreWideEnough) {
  const auto data = random_data(2000, 3, 1);
  const auto set = testing::random_set({.count = 7, .dimension = 3}, 2);
  const auto gradient = [&](MatrixView<const float> rows, double gamma, RowSums sums) {
    DataTarget target(rows, {gamma, 2}, backend(), sums);
    EXPECT_TRUE(target.look_from(set.points.view(), true).has_value());
    Matrix<double> out(7, 3);
    target.gradient(set.weights, out.view());
    return out.values();
  };
  const auto exact = gradient(data.view(), 0.1, RowSums::exact),
             single = gradient(data.view(), 0.1, RowSums::single_gradient);
  EXPECT_NE(single, exact) << "fp32 was to be used here";
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(single[i], exact[i], 1e-6);
  EXPECT_EQ(gradient(data.view(), 100, RowSums::single_gradient), gradient(data.view(), 100, RowSums::exact));
  // One row that fp32 cannot hold, between those that the spread is estimated from.
  auto far = data;
  far(2, 0) = 1e20F;
  EXPECT_EQ(gradient(far.view(), 0.1, RowSums::single_gradient), gradient(far.view(), 0.1, RowSums::exact));
}

TEST(Lbfgs, FindsTheMinimumOfAnIllConditionedQuadraticAndNeverRises) {
  double last = std::numeric_limits<double>::infinity(), best = last;
  const Objective quadratic = [&](std::span<const double> x, std::span<double> gradient) -> Result<double> {
    double value = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double curvature = std::pow(10.0, static_cast<double>(i) / 3);
      value += curvature * (x[i] - 1) * (x[i] - 1) / 2;
      gradient[i] = curvature * (x[i] - 1);
    }
    best = std::min(best, value);
    return value;
  };
  const auto outcome = minimise(quadratic, std::vector<double>(10, 0), {.evaluations = 120}).value();
  EXPECT_LE(outcome.evaluations, 120u);
  EXPECT_EQ(outcome.value, best);
  for (const double x : outcome.x) EXPECT_NEAR(x, 1, 1e-4);
}

TEST(Lbfgs, StepsBackFromInfinityAndKeepsAMinimum) {
  const Objective wall = [](std::span<const double> x, std::span<double> gradient) -> Result<double> {
    if (x[0] > 0.5) return std::numeric_limits<double>::infinity();
    gradient[0] = -1;
    return -x[0];
  };
  const auto outcome = minimise(wall, {0}, {.evaluations = 60}).value();
  EXPECT_GT(outcome.x[0], 0.4);
  EXPECT_LE(outcome.x[0], 0.5);
  const Objective flat = [](std::span<const double>, std::span<double> gradient) -> Result<double> {
    gradient[0] = 0;
    return 7.0;
  };
  EXPECT_EQ(minimise(flat, {3}, {}).value().x[0], 3);
}

TEST(Joint, IsFourTimesCloserThanCompatOnAMixture) {
  const auto data = mixture(3000, 8, 11);
  const double compat = reduced(data, ReducerMethod::compat, 60).mmd_squared_to_data.value();
  const double joint = reduced(data, ReducerMethod::joint, 60).mmd_squared_to_data.value();
  EXPECT_GT(joint, 0);
  EXPECT_LT(16 * joint, compat);  // squared distances
}

TEST(Joint, IsNeverFurtherThanItsStart) {
  for (const std::uint64_t seed : {1, 2, 3, 4})
    for (const double gamma : {0.001, 0.1, 3.0, 1e4}) {
      const auto data = mixture(300, 4, seed);
      ReducerOptions options;
      options.points = 30;
      options.gamma = gamma;
      options.method = ReducerMethod::compat;
      options.steps = 0;
      const auto start = reduce(data.view(), options, backend()).value();
      options.method = ReducerMethod::joint;
      EXPECT_LE(reduce(data.view(), options, backend())->mmd_squared_to_data.value(),
                start.mmd_squared_to_data.value() + 1e-14);
      // A sample so small that fitting it leads astray must not count.
      DataTarget target(data.view(), {gamma}, backend());
      const double before = fit_weights(target, start.spec.points)->objective;
      for (const std::size_t sample : {31, 60})
        EXPECT_LE(reduce_jointly(data.view(), start.spec.points, {gamma},
                                 {.full_evaluations = 1, .sample_rows = sample}, backend())
                      ->objective,
                  before + 1e-14)
            << "seed " << seed << " gamma " << gamma << " sample " << sample;
    }
}

TEST(Joint, LooksAtTheTimeBetweenPasses) {
  const auto data = mixture(200, 3, 5);
  Matrix<double> points(10, 3);
  for (std::size_t i = 0; i < 30; ++i) points.values()[i] = static_cast<double>(data.values()[i]);
  for (const std::size_t sample : {50, 4096}) {
    const auto late =
        reduce_jointly(data.view(), points, {0.1},
                       {.sample_rows = sample, .deadline = std::chrono::steady_clock::now()}, backend());
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, ErrorCode::timeout);
  }
}

TEST(Joint, SeveralScalesComeFarCloserThanTheirStart) {
  const auto data = mixture(2000, 4, 21);
  for (std::uint32_t scales = 2; scales <= compute::kMaxScales; ++scales) {
    ReducerOptions options;
    options.method = ReducerMethod::joint;
    options.points = 40;
    options.scales = scales;
    options.gamma = std::nullopt;
    options.evaluations = 0;
    const double start = reduce(data.view(), options, backend())->mmd_squared_to_data.value();
    options.evaluations = 30;
    const auto fitted = reduce(data.view(), options, backend()).value();
    EXPECT_EQ(fitted.spec.kernel.scales, scales);
    EXPECT_DOUBLE_EQ(fitted.spec.kernel.gamma,
                     median_heuristic_gamma(data.view(), 0) / std::pow(2.0, scales - 1.0));
    EXPECT_LE(fitted.kkt_residual, 1e-8);
    EXPECT_GT(fitted.mmd_squared_to_data.value(), 0);
    EXPECT_LT(4 * fitted.mmd_squared_to_data.value(), start) << scales;
  }
}

TEST(Joint, WeightsAreOnTheSimplexWithACertificate) {
  const auto result = reduced(mixture(500, 5, 3), ReducerMethod::joint, 40);
  EXPECT_NEAR(std::accumulate(result.spec.weights.begin(), result.spec.weights.end(), 0.0), 1, 1e-12);
  EXPECT_GE(*std::min_element(result.spec.weights.begin(), result.spec.weights.end()), 0);
  EXPECT_LE(result.kkt_residual, 1e-8);
}

TEST(Joint, ASampleThenAllRowsComesCloseToAllRows) {
  const auto data = mixture(6000, 4, 5);
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 20;
  const double all = reduce(data.view(), options, backend())->mmd_squared_to_data.value();
  options.sample_rows = 1000;
  const double sampled = reduce(data.view(), options, backend())->mmd_squared_to_data.value();
  EXPECT_LT(sampled, 2 * all);
}

TEST(Joint, ManyPointsTakeTheWeightStepEveryFewEvaluations) {
  const auto data = mixture(700, 6, 6);
  const double compat = reduced(data, ReducerMethod::compat, 300, 0.5).mmd_squared_to_data.value();
  EXPECT_LT(2 * reduced(data, ReducerMethod::joint, 300, 0.5).mmd_squared_to_data.value(), compat);
}

TEST(Joint, UnitsOfTheDataDoNotMatter) {
  const auto data = mixture(400, 3, 7);
  Matrix<float> scaled = data;
  for (float& value : scaled.values()) value *= 1024;
  // The k-means tolerance is in data units; one round keeps both starts the same.
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 15;
  options.kmeans_iterations = 1;
  const double small = reduce(data.view(), options, backend())->mmd_squared_to_data.value();
  options.gamma = 0.1 / (1024.0 * 1024.0);
  EXPECT_NEAR(reduce(scaled.view(), options, backend())->mmd_squared_to_data.value(), small, 1e-3 * small);
}

TEST(Joint, SameBitsForAnyNumberOfThreads) {
  const auto data = mixture(5000, 6, 8);
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 25;
  options.sample_rows = 2000;
  const auto one = reduce(data.view(), options, *compute::open_backend("cpu", 1).value()).value();
  const auto three = reduce(data.view(), options, *compute::open_backend("cpu", 3).value()).value();
  EXPECT_EQ(one.spec, three.spec);
  options.seed = 1;
  EXPECT_NE(reduce(data.view(), options, backend())->spec, one.spec);
}

TEST(Joint, OneRowOrOneValueIsReducedToItself) {
  const auto one = random_data(1, 4, 9);
  const auto single = reduced(one, ReducerMethod::joint, 100);
  ASSERT_EQ(single.spec.points.rows(), 1u);
  EXPECT_NEAR(single.mmd_squared_to_data.value(), 0, 1e-12);
  Matrix<float> equal(50, 3, std::vector<float>(150, 2.5F));
  for (const std::optional<double> gamma : {std::optional(0.1), std::optional<double>()}) {
    const auto result = reduced(equal, ReducerMethod::joint, 10, gamma);
    EXPECT_NEAR(result.mmd_squared_to_data.value(), 0, 1e-9);
  }
}

TEST(Joint, DegenerateTablesStayFinite) {
  auto duplicates = random_data(200, 3, 10);
  for (std::size_t r = 4; r < 200; ++r)
    std::copy_n(duplicates.row(r % 4).begin(), 3, duplicates.row(r).begin());
  auto constant = random_data(200, 3, 11);
  for (std::size_t r = 0; r < 200; ++r) constant(r, 1) = 5;
  const auto few = random_data(20, 3, 12);  // fewer rows than points
  auto far = random_data(200, 3, 13, 1e6F);
  for (const auto& data : {duplicates, constant, few, far}) {
    const auto compat = reduced(data, ReducerMethod::compat, 30);
    const auto joint = reduced(data, ReducerMethod::joint, 30);
    EXPECT_TRUE(specification::validate(joint.spec).has_value());
    EXPECT_LE(joint.mmd_squared_to_data.value(), compat.mmd_squared_to_data.value() + 1e-9);
  }
}

TEST(Joint, AFarOffsetIsReducedAsWellAsNone) {
  // Multiples of 1/8 stay exact in floats after adding a million.
  auto near = mixture(400, 3, 14);
  for (float& value : near.values()) value = std::round(value * 8) / 8;
  auto far = near;
  for (float& value : far.values()) value += 1e6F;
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 20;
  options.kmeans_iterations = 1;
  const double here = reduce(near.view(), options, backend())->mmd_squared_to_data.value();
  const double there = reduce(far.view(), options, backend())->mmd_squared_to_data.value();
  EXPECT_LT(there, 2 * here + 1e-7);
}

}  // namespace
}  // namespace learndock::sketch
