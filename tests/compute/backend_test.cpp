// One table of shapes, every backend against the oracle. The fast path has its own table in packed_test.cpp.
#include "learndock/compute/backend.hpp"

#include "learndock/compute/registry.hpp"

#include "compute/cpu/cpu_targets.hpp"
#include "support/compute_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace learndock::compute {
namespace {

using testing::product_error;
using testing::random_data;
using testing::random_set;
using testing::WeightedSet;

const Backend& oracle() {
  static const auto backend = open_backend("cpu_reference").value();
  return *backend;
}

std::vector<std::shared_ptr<const Backend>> backends() {
  std::vector<std::shared_ptr<const Backend>> opened = {open_backend("cpu", 1).value(),
                                                        open_backend("cpu", 3).value()};
  if (auto cuda = open_backend("cuda")) opened.push_back(*cuda);
  return opened;
}

struct Case {
  std::size_t sets, count, query_count, dimension;
  double gamma, offset, spread;
  bool signed_weights;
  std::uint32_t scales = 1;
};

const Case kCases[] = {
    {0, 1, 1, 1, 0.1, 0, 1, false},         {1, 1, 1, 1, 0.1, 0, 1, false},
    {3, 1, 7, 2, 0.5, 0, 1, true},          {40, 20, 100, 20, 0.1, 0, 1, false},
    {7, 511, 3, 5, 0.1, 0, 1, false},       {7, 512, 3, 5, 0.1, 0, 1, true},
    {7, 513, 33, 5, 0.1, 0, 1, false},      {2, 1501, 1403, 3, 0.2, 0, 1, true},
    {9, 17, 31, 129, 0.01, 0, 1, false},    {5, 20, 20, 8, 0.1, 1e6, 1, false},
    {5, 20, 20, 8, 0.1, 0, 1e4, false},     {5, 20, 20, 8, 1e-8, 0, 1e4, false},
    {5, 20, 20, 8, 1e6, 0, 1e-3, true},     {5, 8, 8, 4, 0.1, 0, 0, false},  // spread 0: all points equal
    {7, 513, 33, 5, 0.02, 0, 1, true, 2},   {9, 17, 31, 129, 0.001, 0, 1, false, 3},
    {40, 20, 100, 20, 0.01, 0, 1, true, 4}, {5, 20, 20, 8, 1e-10, 0, 1e4, false, 4},
    {5, 20, 20, 8, 1e4, 0, 1e-3, true, 3},  {5, 8, 8, 4, 0.1, 0, 0, false, 4},
    {5, 20, 20, 8, 0.1, 1e6, 1, false, 4},
};

TEST(Backend, InnerProductsMatchTheOracle) {
  for (const auto& backend : backends())
    for (const Case& c : kCases) {
      SCOPED_TRACE(std::string(backend->name()) + " sets " + std::to_string(c.sets) + " count " +
                   std::to_string(c.count) + " d " + std::to_string(c.dimension));
      const auto query =
          random_set({c.query_count, c.dimension, 0.7, c.offset, c.spread, c.signed_weights}, 99);
      std::vector<WeightedSet> sets;
      for (std::size_t i = 0; i < c.sets; ++i)  // ragged: later sets are larger; gammas differ
        sets.push_back(random_set({c.count + i, c.dimension, c.gamma * (1 + 0.1 * static_cast<double>(i)),
                                   c.offset, c.spread, c.signed_weights, c.scales},
                                  i));
      std::vector<ReducedSetView> views;
      for (const auto& set : sets) views.push_back(set.view());
      std::vector<double> want(c.sets), have(c.sets);
      ASSERT_TRUE(oracle().inner_products(query.view(), views, want).has_value());
      ASSERT_TRUE(backend->inner_products(query.view(), views, have).has_value());
      for (std::size_t i = 0; i < c.sets; ++i)
        EXPECT_NEAR(have[i], want[i], product_error(sets[i], query, c.offset)) << "set " << i;
    }
}

TEST(Backend, SelfInnerProductsMatchTheOracle) {
  for (const auto& backend : backends())
    for (const Case& c : kCases) {
      std::vector<WeightedSet> sets;
      for (std::size_t i = 0; i < c.sets; ++i)  // dimensions differ too
        sets.push_back(random_set(
            {c.count, c.dimension + i, c.gamma, c.offset, c.spread, c.signed_weights, c.scales}, i));
      std::vector<ReducedSetView> views;
      for (const auto& set : sets) views.push_back(set.view());
      std::vector<double> want(c.sets), have(c.sets);
      ASSERT_TRUE(oracle().self_inner_products(views, want).has_value());
      ASSERT_TRUE(backend->self_inner_products(views, have).has_value());
      for (std::size_t i = 0; i < c.sets; ++i)
        EXPECT_NEAR(have[i], want[i], product_error(sets[i], sets[i], c.offset))
            << backend->name() << " set " << i;
    }
}

TEST(Backend, HandComputedInnerProduct) {
  // z = {0, 1} with weights {1, 2} against q = {0} with weight 3 under gamma = ln 2: 3 * (1 + 2 * 1/2) = 6.
  const WeightedSet set{Matrix<double>(2, 1, {0, 1}), {1, 2}, std::log(2.0)};
  const WeightedSet query{Matrix<double>(1, 1, {0}), {3}, 123};
  const ReducedSetView views[] = {set.view()};
  for (const auto& backend : backends()) {
    double out = 0;
    ASSERT_TRUE(backend->inner_products(query.view(), views, {&out, 1}).has_value());
    EXPECT_NEAR(out, 6, 1e-14) << backend->name();
  }
}

TEST(Backend, HandComputedInnerProductOverScales) {
  // k(0, 1) under gamma = ln 2 is 1/2, (1/2 + 1/16) / 2, (1/2 + 1/16 + 2^-16) / 3, (... + 2^-64) / 4.
  const WeightedSet query{Matrix<double>(1, 1, {1}), {1}, 123};
  const double want[] = {0.5, 0.28125, (0.5625 + 0x1p-16) / 3, (0.5625 + 0x1p-16 + 0x1p-64) / 4};
  std::vector<std::shared_ptr<const Backend>> all = backends();
  all.push_back(open_backend("cpu_reference").value());
  for (const auto& backend : all)
    for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales) {
      const WeightedSet set{Matrix<double>(1, 1, {0}), {1}, std::log(2.0), scales};
      const ReducedSetView views[] = {set.view()};
      double out = 0, self = 0;
      ASSERT_TRUE(backend->inner_products(query.view(), views, {&out, 1}).has_value());
      ASSERT_TRUE(backend->self_inner_products(views, {&self, 1}).has_value());
      EXPECT_NEAR(out, want[scales - 1], 1e-14) << backend->name() << " scales " << scales;
      EXPECT_NEAR(self, 1, 1e-14);
    }
}

TEST(Backend, GramMatchesTheOracle) {
  for (const auto& backend : backends())
    for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales)
      for (const std::size_t n : {0u, 1u, 2u, 100u, 513u}) {
        const auto set = random_set({n, 7, 0.1, 1e3, 1, false}, n);
        const Kernel kernel{0.1, scales};
        Matrix<double> want(n, n), have(n, n);
        ASSERT_TRUE(oracle().gram(set.points.view(), kernel, want.view()).has_value());
        ASSERT_TRUE(backend->gram(set.points.view(), kernel, have.view()).has_value());
        for (std::size_t i = 0; i < n * n; ++i) EXPECT_NEAR(have.values()[i], want.values()[i], 1e-12);
      }
}

/// What data_sums writes.
struct Sums {
  std::vector<double> kernel, slope;
  Matrix<double> slope_point;
  Sums(std::size_t k, std::size_t d) : kernel(k, -1), slope(k, -1), slope_point(k, d) {}
  DataSums view() { return {kernel, slope_point.view(), slope}; }
};

TEST(Backend, DataSumsMatchTheOracleAndIgnoreTheThreadCount) {
  for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales)
    for (const std::size_t rows : {0u, 1u, 1023u, 1024u, 1025u, 20'001u}) {
      const auto set = random_set({13, 6, 0.1, 50, 1, false}, rows);
      const auto data = random_data(rows, 6, rows + 1, 50);
      const Kernel kernel{0.1 / std::pow(4.0, scales - 1.0), scales};
      Sums want(13, 6);
      std::vector<double> first;
      ASSERT_TRUE(oracle().data_sums(set.points.view(), data.view(), kernel, want.view()).has_value());
      for (const auto& backend : backends()) {
        SCOPED_TRACE(std::string(backend->name()) + " rows " + std::to_string(rows) + " scales " +
                     std::to_string(scales));
        Sums have(13, 6);
        ASSERT_TRUE(backend->data_sums(set.points.view(), data.view(), kernel, have.view()).has_value());
        // The slope of the narrowest scale counts 4^(scales - 1) times.
        const double scale = static_cast<double>(rows) + 1, slope = scale * std::pow(4.0, scales - 1.0);
        for (std::size_t i = 0; i < 13; ++i) {
          EXPECT_NEAR(have.kernel[i], want.kernel[i], 1e-13 * scale);
          EXPECT_NEAR(have.slope[i], want.slope[i], 1e-13 * slope);
        }
        for (std::size_t i = 0; i < 13 * 6; ++i)
          EXPECT_NEAR(have.slope_point.values()[i], want.slope_point.values()[i], 1e-11 * slope);
        if (scales == 1) {
          EXPECT_EQ(have.slope, have.kernel);
        }
        if (backend->name() != "cpu") continue;
        if (first.empty()) first = have.slope_point.values();
        EXPECT_EQ(have.slope_point.values(), first) << "same bits for every thread count";
      }
    }
}

TEST(Backend, EveryInstructionSetMatchesTheOracleOverScales) {
  const auto set = random_set({13, 6, 0.1, 50, 1, false}, 1);
  const auto data = random_data(1025, 6, 2, 50);
  for (std::uint32_t scales = 1; scales <= kMaxScales; ++scales) {
    const Kernel kernel{0.1 / std::pow(4.0, scales - 1.0), scales};
    Sums want(13, 6);
    ASSERT_TRUE(oracle().data_sums(set.points.view(), data.view(), kernel, want.view()).has_value());
    for (const std::string& target : usable_instruction_sets()) {
      ASSERT_TRUE(limit_instruction_set(target).has_value());
      Sums have(13, 6);
      ASSERT_TRUE(open_backend("cpu", 1)
                      .value()
                      ->data_sums(set.points.view(), data.view(), kernel, have.view())
                      .has_value());
      const double slope = 1e3 * std::pow(4.0, scales - 1.0);
      for (std::size_t i = 0; i < 13; ++i) {
        EXPECT_NEAR(have.kernel[i], want.kernel[i], 1e-10) << target;
        EXPECT_NEAR(have.slope[i], want.slope[i], 1e-13 * slope) << target;
        for (std::size_t c = 0; c < 6; ++c)
          EXPECT_NEAR(have.slope_point(i, c), want.slope_point(i, c), 1e-11 * slope) << target;
      }
    }
    ASSERT_TRUE(limit_instruction_set("").has_value());
  }
}

TEST(Backend, DataSumsGiveOnlyWhatIsAskedFor) {
  const auto set = random_set({5, 3}, 1);
  const auto data = random_data(100, 3, 2);
  for (const auto& backend : backends()) {
    Sums all(5, 3), some(5, 3);
    ASSERT_TRUE(backend->data_sums(set.points.view(), data.view(), {0.1, 3}, all.view()).has_value());
    ASSERT_TRUE(backend->data_sums(set.points.view(), data.view(), {0.1, 3}, {some.kernel, {}}).has_value());
    EXPECT_EQ(some.kernel, all.kernel);
    ASSERT_TRUE(
        backend->data_sums(set.points.view(), data.view(), {0.1, 3}, {some.kernel, some.slope_point.view()})
            .has_value());
    EXPECT_EQ(some.slope_point, all.slope_point);
    ASSERT_TRUE(backend->data_sums(set.points.view(), data.view(), {0.1, 3}, {some.kernel, {}, some.slope})
                    .has_value());
    EXPECT_EQ(some.slope, all.slope);
  }
}

// Rows between two almost equally near centres may go to either.
TEST(Backend, KmeansStepCountsLikeTheOracleWhereTheChoiceIsClear) {
  for (const float offset : {0.0F, 2000.0F})
    for (const std::size_t rows : {0u, 1u, 1024u, 5001u}) {
      const auto data = random_data(rows, 9, 5, offset);
      const auto centres = random_data(37, 9, 6, offset);
      Matrix<double> sums(37, 9);
      std::vector<std::uint64_t> want(37), have(37);
      const KmeansJob reference{data.view(), centres.view(), sums.view(), want, {}, {}};
      ASSERT_TRUE(oracle().kmeans_step({&reference, 1}).has_value());
      for (const auto& backend : backends()) {
        const KmeansJob job{data.view(), centres.view(), sums.view(), have, {}, {}};
        ASSERT_TRUE(backend->kmeans_step({&job, 1}).has_value());
        std::uint64_t moved = 0;
        for (std::size_t c = 0; c < 37; ++c) moved += std::max(have[c], want[c]) - std::min(have[c], want[c]);
        EXPECT_LE(moved, 2 * (1 + rows / 1000)) << backend->name() << " rows " << rows;
      }
    }
}

// A column of ids or epoch seconds: norms of 1e16, where a unit in the last place is 2.
TEST(Backend, WideColumnsLoseNothingToCancellation) {
  auto set = random_set({20, 10, 0.1}, 1);
  for (double& value : set.points.values()) value = std::round(std::abs(value) * 5e7);
  auto near = set;
  for (double& value : near.points.values()) value += 0.25;
  const ReducedSetView views[] = {set.view(), near.view()};
  Matrix<float> data(20, 10);
  for (std::size_t i = 0; i < data.values().size(); ++i)
    data.values()[i] = static_cast<float>(set.points.values()[i]);
  Matrix<double> points(20, 10, std::vector<double>(data.values().begin(), data.values().end()));
  for (double& value : points.values()) value += 0.5;
  const auto close = [](double have, double want) { return std::abs(have - want) <= 1e-9 * std::abs(want); };
  for (const auto& backend : backends()) {
    double self[2], want_self[2], cross[2], want_cross[2];
    ASSERT_TRUE(oracle().self_inner_products(views, want_self).has_value());
    ASSERT_TRUE(backend->self_inner_products(views, self).has_value());
    ASSERT_TRUE(oracle().inner_products(set.view(), views, want_cross).has_value());
    ASSERT_TRUE(backend->inner_products(set.view(), views, cross).has_value());
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(close(self[i], want_self[i])) << self[i] << " for " << want_self[i];
      EXPECT_TRUE(close(cross[i], want_cross[i])) << cross[i] << " for " << want_cross[i];
    }
    Matrix<double> gram(20, 20), want_gram(20, 20);
    ASSERT_TRUE(oracle().gram(near.points.view(), {0.1}, want_gram.view()).has_value());
    ASSERT_TRUE(backend->gram(near.points.view(), {0.1}, gram.view()).has_value());
    std::vector<double> sums(20), want_sums(20);
    ASSERT_TRUE(oracle().data_sums(points.view(), data.view(), {0.1}, {want_sums, {}}).has_value());
    ASSERT_TRUE(backend->data_sums(points.view(), data.view(), {0.1}, {sums, {}}).has_value());
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_TRUE(close(sums[i], want_sums[i])) << sums[i] << " for " << want_sums[i];
      for (std::size_t j = 0; j < 20; ++j) EXPECT_TRUE(close(gram(i, j), want_gram(i, j))) << gram(i, j);
    }
  }
}

// One point far off moves the mean to where nothing is left of the others' differences.
TEST(Backend, APointFarOffCostsTheOthersNothing) {
  const auto ordinary = random_set({30, 6, 0.2}, 5);
  for (const double far : {1e8, 1e12, 1e20, 3e38, 1e200}) {
    auto set = random_set({30, 6, 0.2}, 4);
    for (std::size_t k = 0; k < 6; ++k) set.points(11, k) = far;
    const ReducedSetView views[] = {ordinary.view(), set.view()};
    const auto data = random_data(40, 6, 3);
    for (const auto& backend : backends()) {
      for (const ReducedSetView& query : views) {
        double have[2], want[2];
        ASSERT_TRUE(oracle().inner_products(query, views, want).has_value());
        ASSERT_TRUE(backend->inner_products(query, views, have).has_value());
        for (int i = 0; i < 2; ++i) EXPECT_NEAR(have[i], want[i], 1e-13) << far;
      }
      double self[2], want_self[2];
      ASSERT_TRUE(oracle().self_inner_products(views, want_self).has_value());
      ASSERT_TRUE(backend->self_inner_products(views, self).has_value());
      for (int i = 0; i < 2; ++i) EXPECT_NEAR(self[i], want_self[i], 1e-13) << far;
      Matrix<double> gram(30, 30), want_gram(30, 30);
      ASSERT_TRUE(oracle().gram(set.points.view(), {0.2}, want_gram.view()).has_value());
      ASSERT_TRUE(backend->gram(set.points.view(), {0.2}, gram.view()).has_value());
      Sums sums(30, 6), want_sums(30, 6);
      ASSERT_TRUE(oracle().data_sums(set.points.view(), data.view(), {0.2}, want_sums.view()).has_value());
      ASSERT_TRUE(backend->data_sums(set.points.view(), data.view(), {0.2}, sums.view()).has_value());
      for (std::size_t i = 0; i < 30; ++i) {
        EXPECT_NEAR(sums.kernel[i], want_sums.kernel[i], 1e-11) << far;
        for (std::size_t k = 0; k < 6; ++k)
          EXPECT_NEAR(sums.slope_point(i, k), want_sums.slope_point(i, k), 1e-11) << far;
        for (std::size_t j = 0; j < 30; ++j) EXPECT_NEAR(gram(i, j), want_gram(i, j), 1e-13) << far;
      }
    }
  }
}

TEST(Backend, APointFarOffLeavesTheOthersSinglePrecision) {
  for (const double far : {1e5, 1e12}) {
    auto set = random_set({30, 6, 0.2}, 4);
    for (std::size_t k = 0; k < 6; ++k) set.points(11, k) = far;
    const auto data = random_data(40, 6, 3);
    Sums want(30, 6);
    ASSERT_TRUE(oracle().data_sums(set.points.view(), data.view(), {0.2}, want.view()).has_value());
    for (const auto& backend : backends()) {
      Sums have(30, 6);
      const ReductionJob job{set.points.view(), data.view(), {0.2}, have.view()};
      ASSERT_TRUE(backend->reduction_sums({&job, 1}).has_value());
      for (std::size_t i = 0; i < 30; ++i) {
        EXPECT_NEAR(have.kernel[i], want.kernel[i], 1e-4) << far;
        for (std::size_t k = 0; k < 6; ++k)
          EXPECT_NEAR(have.slope_point(i, k), want.slope_point(i, k), 1e-3) << far;
      }
    }
  }
}

TEST(Backend, RefusesMismatchedShapesAndUnknownKernels) {
  const auto a = random_set({3, 2}, 1), b = random_set({3, 4}, 2);
  auto none = a, five = a;
  none.scales = 0;
  five.scales = kMaxScales + 1;
  const ReducedSetView views[] = {b.view(), none.view(), five.view()};
  const auto data = random_data(4, 2, 3);
  double out = 0;
  Sums sums(3, 2);
  Matrix<double> gram(3, 3);
  std::vector<double> short_slope(2);
  std::vector<std::shared_ptr<const Backend>> all = backends();
  all.push_back(open_backend("cpu_reference").value());
  const auto refused = [](const Result<void>& result) {
    return !result && result.error().code == ErrorCode::invalid_argument;
  };
  for (const auto& backend : all) {
    for (const ReducedSetView& view : views)
      EXPECT_TRUE(refused(backend->inner_products(a.view(), {&view, 1}, {&out, 1})));
    EXPECT_TRUE(refused(backend->self_inner_products({views + 1, 1}, {&out, 1})));
    EXPECT_TRUE(refused(backend->gram(a.points.view(), {0.1, 5}, gram.view())));
    EXPECT_TRUE(refused(backend->data_sums(a.points.view(), data.view(), {0.1, 0}, sums.view())));
    EXPECT_TRUE(
        refused(backend->data_sums(a.points.view(), data.view(), {0.1, 2}, {sums.kernel, {}, short_slope})));
    const ReductionJob job{a.points.view(), data.view(), {0.1, 5}, sums.view()};
    EXPECT_TRUE(refused(backend->reduction_sums({&job, 1})));
    for (const double gamma : {std::nan(""), std::numeric_limits<double>::infinity(), 0.0, -0.1,
                               std::numeric_limits<double>::max()}) {
      auto odd = a;
      odd.gamma = gamma;
      odd.scales = 2;  // at which the largest double is none
      const ReducedSetView view = odd.view();
      EXPECT_TRUE(refused(backend->inner_products(a.view(), {&view, 1}, {&out, 1}))) << gamma;
      EXPECT_TRUE(refused(backend->self_inner_products({&view, 1}, {&out, 1}))) << gamma;
      EXPECT_TRUE(refused(backend->gram(a.points.view(), {gamma, 2}, gram.view()))) << gamma;
      EXPECT_TRUE(refused(backend->data_sums(a.points.view(), data.view(), {gamma, 2}, sums.view())))
          << gamma;
      const ReductionJob odd_job{a.points.view(), data.view(), {gamma, 2}, sums.view()};
      EXPECT_TRUE(refused(backend->reduction_sums({&odd_job, 1}))) << gamma;
    }
  }
}

TEST(Registry, UnknownNameAndMissingCudaSaySo) {
  EXPECT_EQ(open_backend("gpu").error().code, ErrorCode::invalid_argument);
  const auto cuda = open_backend("cuda");
  if (!cuda) {
    EXPECT_EQ(cuda.error().code, ErrorCode::backend_unavailable);
    EXPECT_EQ(exit_code(cuda.error().code), 7);
    EXPECT_FALSE(cuda.error().message.empty());
  }
  EXPECT_EQ(list_backends().size(), 3u);
}

}  // namespace
}  // namespace learndock::compute
