#include "learndock/sketch/reducer.hpp"

#include "learndock/compute/registry.hpp"
#include "learndock/specification/mmd.hpp"

#include "support/generators.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace learndock::sketch {
namespace {

using testing::backend;
using testing::random_data;

const compute::Backend& reference_backend() {
  static const auto slow = compute::open_backend("cpu_reference").value();
  return *slow;
}

/// ||sum_i b_i phi(z_i) - mean phi(x)||^2 by plain loops.
double mmd_by_loops(const specification::RkmeSpecification& spec, const Matrix<float>& data) {
  const auto kernel = [&](const auto& a, const auto& b) {
    double sum = 0;
    for (std::size_t c = 0; c < a.size(); ++c)
      sum += std::pow(static_cast<double>(a[c]) - static_cast<double>(b[c]), 2);
    double mean = 0;
    for (std::uint32_t s = 0; s < spec.kernel.scales; ++s)
      mean += std::exp(-spec.kernel.gamma * std::pow(4.0, s) * sum) / spec.kernel.scales;
    return mean;
  };
  const auto n = static_cast<double>(data.rows());
  double value = 0;
  for (std::size_t i = 0; i < spec.points.rows(); ++i) {
    for (std::size_t j = 0; j < spec.points.rows(); ++j)
      value += spec.weights[i] * spec.weights[j] * kernel(spec.points.row(i), spec.points.row(j));
    for (std::size_t x = 0; x < data.rows(); ++x)
      value -= 2 * spec.weights[i] * kernel(spec.points.row(i), data.row(x)) / n;
  }
  for (std::size_t x = 0; x < data.rows(); ++x)
    for (std::size_t y = 0; y < data.rows(); ++y) value += kernel(data.row(x), data.row(y)) / (n * n);
  return value;
}

TEST(Reducer, JointIsTheDefault) {
  const auto data = random_data(200, 3, 2);
  ReducerOptions joint, compat;
  joint.method = ReducerMethod::joint;
  compat.method = ReducerMethod::compat;
  const auto made = reduce(data.view(), ReducerOptions(), backend()).value();
  EXPECT_EQ(made.spec, reduce(data.view(), joint, backend())->spec);
  EXPECT_NE(made.spec, reduce(data.view(), compat, backend())->spec);
}

TEST(Reducer, FollowsTheRulesForTheNumberOfPoints) {
  const auto points = [](std::size_t rows, std::size_t cols, std::size_t k) {
    ReducerOptions options;
    options.points = k;
    options.kmeans_iterations = 2;
    options.evaluations = 2;
    return reduce(random_data(rows, cols, 1).view(), options, backend())->spec.points.rows();
  };
  EXPECT_EQ(points(1, 3, 100), 1u);  // max(1, floor(2/3))
  EXPECT_EQ(points(2, 3, 100), 1u);
  EXPECT_EQ(points(100, 3, 100), 66u);  // K >= n: floor(2n/3)
  EXPECT_EQ(points(101, 3, 100), 100u);
  EXPECT_EQ(points(40, 20'000, 100), 26u);  // 65 by size, then K >= n
}

TEST(Reducer, WeightsAreOnTheSimplexWithACertificate) {
  const auto data = random_data(500, 5, 3);
  ReducerOptions options;
  options.method = ReducerMethod::compat;
  const auto result = reduce(data.view(), options, backend());
  ASSERT_TRUE(result.has_value());
  EXPECT_NEAR(std::accumulate(result->spec.weights.begin(), result->spec.weights.end(), 0.0), 1, 1e-12);
  for (const double weight : result->spec.weights) EXPECT_GE(weight, 0);
  EXPECT_LE(result->kkt_residual, 1e-10);
  EXPECT_EQ(result->spec.num_points, 500u);
  EXPECT_EQ(result->spec.kernel.gamma, 0.1);
}

TEST(Reducer, ReportedDistanceIsTheDistance) {
  const auto data = random_data(300, 4, 4);
  ReducerOptions options;
  options.points = 20;
  options.kmeans_iterations = 5;
  for (const auto* one : {&backend(), &reference_backend()})
    for (std::uint32_t scales = 1; scales <= compute::kMaxScales; ++scales) {
      options.scales = scales;
      options.method = scales == 1 ? ReducerMethod::compat : ReducerMethod::joint;
      const auto result = reduce(data.view(), options, *one);
      ASSERT_TRUE(result.has_value());
      EXPECT_EQ(result->spec.kernel.scales, scales);
      const double want = mmd_by_loops(result->spec, data);
      EXPECT_NEAR(result->mmd_squared_to_data.value(), want, 1e-12);
      EXPECT_TRUE(result->mmd_exact);
    }
}

TEST(Reducer, RefusesScalesThatItCannotMake) {
  const auto data = random_data(30, 2, 9);
  ReducerOptions compat;
  compat.method = ReducerMethod::compat;
  compat.scales = 3;
  const auto refused = reduce(data.view(), compat, backend());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().fix, "use --method joint (the default), or one scale");
  ReducerOptions joint;
  joint.method = ReducerMethod::joint;
  for (const std::uint32_t wrong : {0U, 5U}) {
    joint.scales = wrong;
    EXPECT_EQ(reduce(data.view(), joint, backend()).error().code, ErrorCode::invalid_argument) << wrong;
  }
  joint.scales = 4;
  joint.gamma = 1e308;  // finite, but not the narrowest scale's
  EXPECT_EQ(reduce(data.view(), joint, backend()).error().code, ErrorCode::invalid_argument);
}

TEST(Reducer, AMinimumClusterSizeKeepsTheScales) {
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 20;
  options.scales = 2;
  options.min_cluster = 12;
  const auto data = random_data(100, 2, 10);
  const auto result = reduce(data.view(), options, backend()).value();
  EXPECT_EQ(result.spec.kernel.scales, 2u);
  EXPECT_NEAR(result.mmd_squared_to_data.value(), mmd_by_loops(result.spec, data), 1e-12);
}

TEST(Reducer, BackendsAgree) {
  const auto data = random_data(400, 6, 5);
  ReducerOptions options;
  options.method = ReducerMethod::compat;
  options.points = 15;
  const auto fast = reduce(data.view(), options, backend()),
             slow = reduce(data.view(), options, reference_backend());
  for (std::size_t i = 0; i < 15 * 6; ++i)
    EXPECT_NEAR(fast->spec.points.values()[i], slow->spec.points.values()[i], 1e-6);
  for (std::size_t i = 0; i < 15; ++i) EXPECT_NEAR(fast->spec.weights[i], slow->spec.weights[i], 1e-6);
}

TEST(Reducer, StepIsTheReferencesGradient) {
  // Finite differences of 1/2 <mu_z, mu_z> - 2 <mu_z, mu_x>, which the reference's step descends, at fixed
  // weights.
  const auto data = random_data(60, 3, 6);
  ReducerOptions options;
  options.method = ReducerMethod::compat;
  options.points = 5;
  options.gamma = 0.4;
  options.steps = 0;
  const auto start = reduce(data.view(), options, backend())->spec;
  options.steps = 1;
  options.step_size = 1e-3;
  const auto moved = reduce(data.view(), options, backend())->spec;
  const auto objective = [&](const Matrix<double>& z) {
    const auto kernel = [&](const auto& a, const auto& b) {
      double sum = 0;
      for (std::size_t c = 0; c < 3; ++c)
        sum += std::pow(static_cast<double>(a[c]) - static_cast<double>(b[c]), 2);
      return std::exp(-0.4 * sum);
    };
    double value = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = 0; j < 5; ++j)
        value += 0.5 * start.weights[i] * start.weights[j] * kernel(z.row(i), z.row(j));
      for (std::size_t x = 0; x < 60; ++x) value -= 2 * start.weights[i] * kernel(z.row(i), data.row(x)) / 60;
    }
    return value;
  };
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      Matrix<double> up = start.points, down = start.points;
      up(i, c) += 1e-5;
      down(i, c) -= 1e-5;
      const double gradient = (objective(up) - objective(down)) / 2e-5;
      EXPECT_NEAR(moved.points(i, c), start.points(i, c) - 1e-3 * gradient, 1e-9);
    }
}

TEST(Reducer, FillsMissingCellsAndRefusesEmptyColumns) {
  auto data = random_data(50, 2, 7);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  data(3, 1) = nan;
  data(4, 1) = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(reduce(data.view(), ReducerOptions(), backend()).has_value());
  for (std::size_t r = 0; r < 50; ++r) data(r, 1) = nan;
  EXPECT_EQ(reduce(data.view(), ReducerOptions(), backend()).error().code, ErrorCode::table_column);
  EXPECT_EQ(reduce(MatrixView<const float>(), ReducerOptions(), backend()).error().code,
            ErrorCode::table_empty);
}

TEST(Reducer, RefusesRowsWhoseSquaresSinglePrecisionCannotHold) {
  for (const auto method : {ReducerMethod::compat, ReducerMethod::joint}) {
    ReducerOptions options;
    options.method = method;
    options.points = 10;
    auto data = random_data(200, 5, 1);
    for (float& value : data.values()) value *= 1e18F;
    EXPECT_TRUE(reduce(data.view(), options, backend()).has_value());
    data(17, 3) = -1e30F;
    const auto refused = reduce(data.view(), options, backend());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::table_column);
    EXPECT_NE(refused.error().message.find("column 3"), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("row 17"), std::string::npos);
    EXPECT_EQ(refused.error().fix, "scale the features");
  }
}

TEST(Reducer, SaysWhatItFilledAndWhyThereAreFewerPoints) {
  const auto warnings = [](const Matrix<float>& data, ReducerOptions options) {
    options.kmeans_iterations = 2;
    options.evaluations = 2;
    return messages_of(reduce(data.view(), options, backend()).value().warnings);
  };
  auto data = random_data(150, 3, 7);
  EXPECT_TRUE(warnings(data, ReducerOptions()).empty());
  data(3, 1) = std::numeric_limits<float>::quiet_NaN();
  data(4, 2) = std::numeric_limits<float>::infinity();
  ASSERT_EQ(warnings(data, ReducerOptions()).size(), 1u);
  EXPECT_EQ(warnings(data, ReducerOptions())[0],
            "2 missing or infinite cells were filled with their columns' means");
  ReducerOptions many;
  many.points = 600;
  const auto fewer = warnings(random_data(500, 3, 1), many);
  ASSERT_EQ(fewer.size(), 1u);
  EXPECT_EQ(fewer[0].find("600 points were asked for and 333 made: 500 rows"), 0u) << fewer[0];
  many.points = 100;
  many.min_cluster = 50;
  const auto clustered = warnings(random_data(500, 3, 1), many);
  ASSERT_EQ(clustered.size(), 1u);
  EXPECT_NE(clustered[0].find("nearest point of 50 of the 500 rows"), std::string::npos) << clustered[0];
  EXPECT_NE(warnings(random_data(40, 20'000, 1), ReducerOptions())[0].find("26 made"), std::string::npos);
}

TEST(Reducer, AKernelMayBeBlindForTheRowsAndNotForTheirCentroids) {
  // 400 rows of 40 coordinates around one middle: |x - y|^2 is about 80, between means of 200 rows 0.4.
  const auto data = random_data(400, 40, 1);
  ReducerOptions options;
  options.method = ReducerMethod::compat;
  options.points = 2;
  options.gamma = 0.1;
  const auto reduced = reduce(data.view(), options, backend()).value();
  EXPECT_GT(specification::mean_off_diagonal_kernel(reduced.spec, backend()).value(),
            specification::kKernelBlindThreshold);
  ASSERT_EQ(reduced.warnings.size(), 1u);
  EXPECT_EQ(reduced.warnings[0].code, WarningCode::kernel_blind);
  EXPECT_EQ(reduced.warnings[0].message.find("kernel blind: rows of the data"), 0u)
      << reduced.warnings[0].message;
  options.gamma = 1.0 / 80;
  EXPECT_TRUE(reduce(data.view(), options, backend())->warnings.empty());
}

TEST(Reducer, SampledDistanceIsCloseToTheExactOne) {
  const auto data = random_data(3000, 3, 8);
  ReducerOptions options;
  options.method = ReducerMethod::joint;
  options.points = 40;
  options.gamma = 0.5;
  constexpr int kSeeds = 6;
  double error = 0, expected = 0;
  for (options.seed = 0; options.seed < kSeeds; ++options.seed) {
    options.measured_rows = 3000;
    const auto all = reduce(data.view(), options, backend());
    options.measured_rows = 500;
    const auto sampled = reduce(data.view(), options, backend());
    EXPECT_TRUE(all->mmd_exact);
    EXPECT_FALSE(sampled->mmd_exact);
    const double exact = all->mmd_squared_to_data.value();
    error += std::pow(sampled->mmd_squared_to_data.value() - exact, 2);
    expected += 4 * exact / 500;  // that of the mean of 2 <k(x, .), mu_data - mu_fit>, at most
  }
  // What remains beside it: pairs of rows within the sample, 2 / (500 * 499) of a variance below 1/4.
  EXPECT_LE(std::sqrt(error / kSeeds), 2 * std::sqrt(expected / kSeeds + 0.5 / (500.0 * 499)));
}

TEST(MedianHeuristic, OneOverTheMedianSquaredDistance) {
  const Matrix<float> two(2, 1, {0, 2});
  EXPECT_DOUBLE_EQ(median_heuristic_gamma(two.view(), 0), 0.25);
  EXPECT_DOUBLE_EQ(median_heuristic_gamma(two.view(), 0, 2), 0.125);
  // Three scales: 1/16, 1/4 and 1, around the median's.
  EXPECT_DOUBLE_EQ(median_heuristic_gamma(two.view(), 0, 3), 0.0625);
  const Matrix<float> same(3, 1, {1, 1, 1});
  EXPECT_EQ(median_heuristic_gamma(same.view(), 0, 2), 0.5);
  EXPECT_EQ(median_heuristic_gamma(same.view(), 0), 1);
}

TEST(MedianHeuristic, EqualRowsSayNothingAboutTheScale) {
  Matrix<float> mostly_equal(10, 1, std::vector<float>(10, 0));
  mostly_equal(3, 0) = 100;
  EXPECT_DOUBLE_EQ(median_heuristic_gamma(mostly_equal.view(), 0), 1e-4);
}

TEST(Reducer, ALargeTableHadNoDeadline) {
  ReducerOptions options;
  options.points = 20;
  for (const ReducerMethod method : {ReducerMethod::compat, ReducerMethod::joint}) {
    options.method = method;
    options.deadline = std::chrono::steady_clock::now() + std::chrono::hours(1);
    EXPECT_TRUE(reduce(random_data(200, 3, 1).view(), options, backend()).has_value());
    options.deadline = std::chrono::steady_clock::now();
    const auto late = reduce(random_data(200, 3, 1).view(), options, backend());
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, ErrorCode::timeout);
  }
}

}  // namespace
}  // namespace learndock::sketch
