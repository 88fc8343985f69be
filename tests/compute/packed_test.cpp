// The fast path's table of shapes: every backend and every instruction set of this machine against the
// oracle, within the a priori bound that searches rely on.
#include "learndock/compute/registry.hpp"

#include "compute/cpu/cpu_targets.hpp"
#include "compute/cpu/packed_kernels.hpp"
#include "support/compute_cases.hpp"
#include "support/compute_challengers.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace learndock::compute {
namespace {

using testing::PackedCase;
using testing::PackedInput;
using testing::weight_of;

class Packed : public ::testing::TestWithParam<testing::Challenger> {
 protected:
  void SetUp() override { backend_ = GetParam().open(); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
  std::shared_ptr<const Backend> backend_;
  std::shared_ptr<const Backend> oracle_ = open_backend("cpu_reference").value();
};

double bound(const PackedCase& c, const PackedInput& input, const testing::WeightedSet& a,
             const testing::WeightedSet& b) {
  return weight_of(a) * weight_of(b) *
         cross_term_error({c.gamma, c.scales}, c.dimension, input.radius(a), input.radius(b));
}

/// The exact value in fp64 on the unpacked originals: packing's own rounding is part of the bound.
double exact(const PackedCase& c, const testing::WeightedSet& set, const testing::WeightedSet& query) {
  double sum = 0;
  for (std::size_t i = 0; i < set.points.rows(); ++i)
    for (std::size_t j = 0; j < query.points.rows(); ++j) {
      double squared = 0, kernel = 0, gamma = c.gamma;
      for (std::size_t k = 0; k < c.dimension; ++k)
        squared += (set.points(i, k) - query.points(j, k)) * (set.points(i, k) - query.points(j, k));
      for (std::uint32_t s = 0; s < c.scales; ++s, gamma *= 4) kernel += std::exp(-gamma * squared);
      sum += set.weights[i] * query.weights[j] * kernel / c.scales;
    }
  return sum;
}

TEST_P(Packed, CrossTermsStayWithinTheBoundOfTheExactValue) {
  for (const PackedCase& c : testing::packed_cases()) {
    SCOPED_TRACE(c.name());
    const PackedInput input(c);
    const auto packed = PackedSets::pack(input.set_views, {c.gamma, c.scales}, input.centre);
    ASSERT_TRUE(packed.has_value());
    const auto held = backend_->hold(packed->view());
    ASSERT_TRUE(held.has_value());
    Matrix<double> all(3, c.sets);
    ASSERT_TRUE(backend_->cross_terms(**held, input.query_views, all.view()).has_value());
    for (std::size_t q = 0; q < 3; ++q)
      for (std::size_t i = 0; i < c.sets; ++i)
        EXPECT_NEAR(all(q, i), exact(c, input.sets[i], input.queries[q]),
                    bound(c, input, input.sets[i], input.queries[q]))
            << "query " << q << " set " << i;
  }
}

/// One point each, every kernel value 1, and weights that make each addition lose most of half a unit: all
/// errors have the same sign.
TEST_P(Packed, EqualPointsStayWithinTheBoundAtEveryScale) {
  for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales) {
    const testing::WeightedSet set{Matrix<double>(1, 1, {0}), {1}, 0.1, scales};
    testing::WeightedSet query{Matrix<double>(120, 1, std::vector<double>(120, 0.0)), {}, 0.1, scales};
    query.weights.assign(120, 0x1p-24 * 1.0001);
    query.weights[0] = 1;
    const double centre[] = {0}, weight = weight_of(query);
    const ReducedSetView sets[] = {set.view()}, queries[] = {query.view()};
    const auto packed = PackedSets::pack(sets, {0.1, scales}, centre).value();
    Matrix<double> out(1, 1);
    ASSERT_TRUE(
        backend_->cross_terms(*backend_->hold(packed.view()).value(), queries, out.view()).has_value());
    EXPECT_NEAR(out(0, 0), weight, weight * cross_term_error({0.1, scales}, 1, 0, 0)) << scales << " scales";
  }
  EXPECT_LT(cross_term_error({0.1, 1}, 1, 0, 0), 137 * 0x1p-24) << "one scale pays nothing for the others";
}

/// One job of reduction_sums and what the oracle says.
struct Reduction {
  testing::WeightedSet points;
  Matrix<float> data;
  Kernel kernel;
  std::vector<double> have, want, have_slope, want_slope;
  Matrix<double> have_points, want_points;
  bool with_points, with_slopes;

  Reduction(std::size_t rows, std::size_t j, std::uint32_t scales)
      : points(testing::random_set({13 + j, 6, 0.1, 50}, j)),
        data(testing::random_data(rows, 6, j + 1, 50)),
        kernel{0.1 / std::pow(4.0, scales - 1.0), scales},
        have(13 + j, -1),
        want(13 + j),
        have_slope(13 + j, -1),
        want_slope(13 + j),
        have_points(13 + j, 6),
        want_points(13 + j, 6),
        with_points(j % 2 == 0),
        with_slopes(j % 3 != 0) {}
  ReductionJob job() {
    return {points.points.view(),
            data.view(),
            kernel,
            {have, with_points ? have_points.view() : MatrixView<double>(),
             with_slopes ? std::span<double>(have_slope) : std::span<double>()}};
  }
};

TEST_P(Packed, ReductionSumsMatchTheOracleForManyJobsAtOnce) {
  const std::size_t rows[] = {0, 1, 31, 255, 256, 257, 9001};
  std::vector<Reduction> all;
  for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales)
    for (std::size_t j = 0; j < std::size(rows); ++j) all.emplace_back(rows[j], j, scales);
  std::vector<ReductionJob> jobs;
  for (Reduction& one : all) {
    jobs.push_back(one.job());
    ASSERT_TRUE(oracle_
                    ->data_sums(one.points.points.view(), one.data.view(), one.kernel,
                                {one.want, one.want_points.view(), one.want_slope})
                    .has_value());
  }
  ASSERT_TRUE(backend_->reduction_sums(jobs).has_value());
  for (const Reduction& one : all) {
    SCOPED_TRACE("rows " + std::to_string(one.data.rows()) + " scales " + std::to_string(one.kernel.scales));
    const double scale = static_cast<double>(one.data.rows()) + 1;
    const double error = cross_term_error(one.kernel, 6, 8, 8) * scale;
    // The slope of the narrowest scale counts 4^(scales - 1) times.
    const double slope_error = error * std::pow(4.0, one.kernel.scales - 1.0);
    for (std::size_t i = 0; i < one.want.size(); ++i) {
      EXPECT_NEAR(one.have[i], one.want[i], error);
      if (one.with_slopes) {
        EXPECT_NEAR(one.have_slope[i], one.want_slope[i], slope_error);
      }
      for (std::size_t k = 0; one.with_points && k < 6; ++k)
        EXPECT_NEAR(one.have_points(i, k), one.want_points(i, k), slope_error * 60);
    }
  }
}

TEST_P(Packed, RefusesMismatchedShapes) {
  const PackedCase c{2, 3, 2, 4};
  const PackedInput input(c), other(PackedCase{1, 3, 2, 5});
  const auto packed = PackedSets::pack(input.set_views, {0.1, 1}, input.centre).value();
  const auto held = backend_->hold(packed.view()).value();
  Matrix<double> wrong(3, 3), right(3, 2);
  EXPECT_FALSE(backend_->cross_terms(*held, input.query_views, wrong.view()).has_value());
  EXPECT_FALSE(backend_->cross_terms(*held, other.query_views, right.view()).has_value());
}

/// Overflow in fp32 must never look like a kernel value.
TEST_P(Packed, RefusesWhatSinglePrecisionCannotHold) {
  const auto refused = [](const auto& result) {
    return !result && result.error().code == ErrorCode::invalid_argument;
  };
  const PackedInput input(PackedCase{2, 3, 2, 2});
  auto packed = PackedSets::pack(input.set_views, {0.1, 1}, input.centre).value();
  const auto held = backend_->hold(packed.view()).value();
  Matrix<double> out(1, 2);
  const double nan = std::nan("");
  for (const double far : {1e200, 1e20, -1e25, nan}) {
    const testing::WeightedSet query{Matrix<double>(1, 2, {0, far}), {1}};
    const ReducedSetView view = query.view();
    EXPECT_TRUE(refused(backend_->cross_terms(*held, {&view, 1}, out.view()))) << far;
  }
  for (const double weight : {1e39, nan}) {
    const testing::WeightedSet query{Matrix<double>(1, 2), {weight}};
    const ReducedSetView view = query.view();
    EXPECT_TRUE(refused(backend_->cross_terms(*held, {&view, 1}, out.view()))) << weight;
  }
  for (const double gamma : {1e40, 1e38, 1e-39, 0.0, nan}) {
    PackedSetsView other = packed.view();
    other.kernel.gamma = gamma;
    EXPECT_TRUE(refused(backend_->hold(other))) << gamma;
  }
}

TEST_P(Packed, ReductionSumsRefuseWhatSinglePrecisionCannotHold) {
  const testing::WeightedSet points{Matrix<double>(2, 1, {0, 1}), {0.5, 0.5}},
      far{Matrix<double>(2, 1, {-1e20, 1e20}), {0.5, 0.5}};
  const Matrix<float> data(3, 1, {0, 1, 2}), huge(3, 1, {0, 1e20F, 1}), holes(3, 1, {0, NAN, 1});
  std::vector<double> sums(2);
  const auto refused = [&](const testing::WeightedSet& z, const Matrix<float>& x, double gamma) {
    const ReductionJob job{z.points.view(), x.view(), {gamma}, {sums, {}}};
    const auto done = backend_->reduction_sums({&job, 1});
    return !done && done.error().code == ErrorCode::invalid_argument;
  };
  EXPECT_FALSE(refused(points, data, 0.1));
  EXPECT_TRUE(refused(points, huge, 0.1));
  EXPECT_TRUE(refused(points, holes, 0.1));
  EXPECT_TRUE(refused(far, data, 0.1));
  EXPECT_TRUE(refused(points, data, 1e40));
}

INSTANTIATE_TEST_SUITE_P(Backends, Packed, ::testing::ValuesIn(testing::challengers()),
                         [](const auto& which) { return which.param.name; });

TEST(PackedSets, RefusesWhatSinglePrecisionCannotHold) {
  const testing::WeightedSet huge{Matrix<double>(1, 1, {1e300}), {1}};
  const ReducedSetView view = huge.view();
  const double zero[] = {0};
  EXPECT_EQ(PackedSets::pack({&view, 1}, {0.1, 1}, zero).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(PackedSets::pack({}, {0.1, 0}, zero).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(PackedSets::pack({}, {0.1, kMaxScales + 1}, zero).error().code, ErrorCode::invalid_argument);
  for (const double gamma : {0.0, -1.0, 1e40, 1e-40, std::nan("")})
    EXPECT_EQ(PackedSets::pack({}, {gamma, 1}, zero).error().code, ErrorCode::invalid_argument) << gamma;
  // The squared norm is a float, but not its share of the exponent.
  const testing::WeightedSet far{Matrix<double>(1, 1, {1e15}), {1}};
  const ReducedSetView far_view = far.view();
  EXPECT_TRUE(PackedSets::pack({&far_view, 1}, {0.1, 1}, zero).has_value());
  EXPECT_EQ(PackedSets::pack({&far_view, 1}, {1e9, 1}, zero).error().code, ErrorCode::invalid_argument);
}

TEST(FusedKernels, TheExponentialKeepsItsStatedError) {
  std::vector<float> x, out;
  for (float value = -125; value <= 0; value += 0.00137F) x.push_back(value);
  x.insert(x.end(), {0.0F, -0.5F, -0.25F, -1.0F, -124.999F});
  out.resize(x.size());
  for (const std::string& name : usable_instruction_sets()) {
    ASSERT_TRUE(limit_instruction_set(name).has_value());
    exp2_values(x, out);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double want = std::exp2(static_cast<double>(x[i]));
      ASSERT_NEAR(static_cast<double>(out[i]), want, want * 0x1p-22) << name << " at " << x[i];
    }
  }
  ASSERT_TRUE(limit_instruction_set("").has_value());
}

TEST(CpuTargets, AnUnknownNameListsWhatThereIs) {
  const auto refused = limit_instruction_set("AVX9");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_NE(refused.error().fix.find(usable_instruction_sets().front()), std::string::npos);
}

}  // namespace
}  // namespace learndock::compute
