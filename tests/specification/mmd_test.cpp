#include "learndock/specification/mmd.hpp"

#include "learndock/compute/registry.hpp"

#include "specification/kinds/image/image.hpp"
#include "specification/kinds/text/text.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace learndock::specification {
namespace {

using testing::random_specification;

struct Tolerance {
  const char* backend;
  double relative;
};
const Tolerance kBackends[] = {{"cpu_reference", 1e-9}, {"cpu", 1e-5}};

TEST(Distance, HandComputed) {
  // A = {0: 1}, B = {0: 1/2, 1: 1/2}, gamma = ln 2 so that k(0, 1) = 1/2: <A,B> = 3/4, <B,B> = 3/4, MMD^2 =
  // 1/4.
  const double gamma = std::log(2.0);
  const auto a = make_table_specification(Matrix<double>(1, 1, {0}), {1}, gamma, 1).value();
  const auto b = make_table_specification(Matrix<double>(2, 1, {0, 1}), {0.5, 0.5}, gamma, 1).value();
  for (const Tolerance& row : kBackends) {
    const auto result = distance(a, b, *compute::open_backend(row.backend).value());
    ASSERT_TRUE(result.has_value());
    EXPECT_NEAR(result->inner, 0.75, 0.75 * row.relative);
    EXPECT_NEAR(result->self_b, 0.75, 0.75 * row.relative);
    EXPECT_NEAR(result->mmd_squared, 0.25, 0.25 * row.relative);
  }
}

TEST(Distance, HandComputedOverScales) {
  // As above with two scales: k(0, 1) = (1/2 + 1/16) / 2 = 9/32; <A,B> = 41/64, <B,B> = 41/64, MMD^2 = 23/64.
  const double gamma = std::log(2.0);
  const auto a = make_table_specification(Matrix<double>(1, 1, {0}), {1}, gamma, 1, 2).value();
  const auto b = make_table_specification(Matrix<double>(2, 1, {0, 1}), {0.5, 0.5}, gamma, 1, 2).value();
  for (const Tolerance& row : kBackends) {
    const auto backend = compute::open_backend(row.backend).value();
    const auto result = distance(a, b, *backend).value();
    EXPECT_NEAR(result.inner, 41.0 / 64, row.relative);
    EXPECT_NEAR(result.self_b, 41.0 / 64, row.relative);
    EXPECT_NEAR(result.mmd_squared, 23.0 / 64, row.relative);
    EXPECT_NEAR(mean_off_diagonal_kernel(b, *backend).value(), 9.0 / 32, 1e-12);
  }
}

TEST(Distance, UsesTheLeftKernel) {
  const auto a = make_table_specification(Matrix<double>(1, 1, {0}), {1}, 1, 1).value();
  const auto b = make_table_specification(Matrix<double>(1, 1, {1}), {1}, 2, 1).value();
  const auto backend = compute::open_backend("cpu").value();
  EXPECT_NEAR(distance(a, b, *backend)->inner, std::exp(-1.0), 1e-15);
  EXPECT_NEAR(distance(b, a, *backend)->inner, std::exp(-2.0), 1e-15);
  auto two = b;
  two.kernel.scales = 2;
  EXPECT_NEAR(distance(two, a, *backend)->inner, (std::exp(-2.0) + std::exp(-8.0)) / 2, 1e-15);
  EXPECT_NEAR(distance(a, two, *backend)->inner, std::exp(-1.0), 1e-15);
}

TEST(Distance, IsAMetricOnEmbeddings) {
  for (const Tolerance& row : kBackends) {
    const auto backend = compute::open_backend(row.backend).value();
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto a = random_specification({12, 3, 0.2, 0, 1, true}, seed);
      const auto b = random_specification({9, 3, 0.2, 0.5, 1, false}, seed + 100);
      const auto c = random_specification({5, 3, 0.2, 1, 2, true}, seed + 200);
      const auto mmd = [&](const auto& x, const auto& y) { return distance(x, y, *backend)->mmd_squared; };
      EXPECT_NEAR(mmd(a, a), 0, 1e-12);
      EXPECT_NEAR(mmd(a, b), mmd(b, a), 1e-12);
      EXPECT_GE(mmd(a, b), -1e-12);
      EXPECT_LE(std::sqrt(mmd(a, c)), std::sqrt(mmd(a, b)) + std::sqrt(mmd(b, c)) + 1e-9) << seed;
    }
  }
}

TEST(Distance, RefusesWhatCannotBeCompared) {
  const auto backend = compute::open_backend("cpu").value();
  const auto a = random_specification({3, 2}, 1);
  EXPECT_EQ(distance(a, random_specification({3, 4}, 1), *backend).error().code, ErrorCode::spec_dimension);
  auto text = a;
  text.kind = Kind(kTextKind);
  EXPECT_EQ(distance(a, text, *backend).error().code, ErrorCode::spec_dimension);
  text.kind = Kind(kImageKind);
  EXPECT_EQ(distance(text, text, *backend).error().code, ErrorCode::spec_kernel);
}

TEST(KernelBlindness, MeanOffDiagonalKernel) {
  const auto backend = compute::open_backend("cpu").value();
  const double gamma = std::log(2.0);
  const auto pair = make_table_specification(Matrix<double>(2, 1, {0, 1}), {0.3, 0.7}, gamma, 1).value();
  EXPECT_NEAR(mean_off_diagonal_kernel(pair, *backend).value(), 0.5, 1e-12);
  const auto one = make_table_specification(Matrix<double>(1, 1, {0}), {1}, gamma, 1).value();
  EXPECT_EQ(mean_off_diagonal_kernel(one, *backend).value(), 1.0);
  const auto far = make_table_specification(Matrix<double>(2, 1, {0, 1000}), {0.5, 0.5}, 0.1, 1).value();
  EXPECT_LT(mean_off_diagonal_kernel(far, *backend).value(), kKernelBlindThreshold);
}

TEST(KernelBlindness, OfManyPointsASampleAnswers) {
  const auto backend = compute::open_backend("cpu").value();
  const auto many = testing::random_specification({16'384, 3, 0.1}, 5);
  Matrix<double> points(512, 3);
  std::vector<double> weights(512);
  for (std::size_t i = 0; i < 512; ++i) {
    std::copy_n(many.points.row(32 * i).data(), 3, points.row(i).data());
    weights[i] = many.weights[32 * i];
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  const auto few = make_table_specification(std::move(points), std::move(weights), 0.1, 1).value();
  EXPECT_NEAR(mean_off_diagonal_kernel(many, *backend).value(),
              mean_off_diagonal_kernel(few, *backend).value(), 1e-12);
}

}  // namespace
}  // namespace learndock::specification
