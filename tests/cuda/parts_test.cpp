// A small workspace makes every operation work in parts, and the answers stay the same bits.
#include "cuda/shim_backend.hpp"
#include "support/compute_cases.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace learndock::cuda {
namespace {

using compute::CodeType;
using compute::PackedSets;
using compute::ScanHit;

class CudaParts : public ::testing::Test {
 protected:
  void SetUp() override { shim::reset(); }
  const std::unique_ptr<const compute::Backend> roomy_ = testing::open_shim(testing::shim_options(8 << 20));
  const std::unique_ptr<const compute::Backend> cramped_ =
      testing::open_shim(testing::shim_options(24 * 1024));
};

TEST_F(CudaParts, CrossTermsAndProjections) {
  const testing::PackedInput input(testing::PackedCase{400, 3, 20, 8});
  // Ragged sets of the table grow; here many small ones are wanted.
  std::vector<compute::ReducedSetView> views(400, input.set_views[3]);
  for (std::size_t i = 0; i < views.size(); ++i) views[i] = input.set_views[i % 20];
  const auto packed = PackedSets::pack(views, {0.1, 1}, input.centre).value();
  std::vector<compute::ReducedSetView> queries;
  for (int i = 0; i < 40; ++i) queries.push_back(input.query_views[static_cast<std::size_t>(i) % 3]);
  Matrix<double> want(40, 400), have(40, 400);
  const auto in_one = roomy_->hold(packed.view()).value(), in_parts = cramped_->hold(packed.view()).value();
  ASSERT_TRUE(roomy_->cross_terms(*in_one, queries, want.view()).has_value());
  ASSERT_TRUE(cramped_->cross_terms(*in_parts, queries, have.view()).has_value());
  EXPECT_EQ(have, want);
  const auto landmarks = testing::random_set({33, 8}, 5), map = testing::random_set({9, 33}, 6);
  const compute::Projection projection{landmarks.points.view(), map.points.view(), {0.1, 1}};
  Matrix<double> want_rows(400, 9), have_rows(400, 9);
  ASSERT_TRUE(roomy_->project(views, projection, want_rows.view()).has_value());
  ASSERT_TRUE(cramped_->project(views, projection, have_rows.view()).has_value());
  EXPECT_EQ(have_rows, want_rows);
}

TEST_F(CudaParts, CrossTermsOfOneQueryTooLargeForTheWorkspaceDecline) {
  const testing::PackedInput input(testing::PackedCase{2, 10, 2000, 8});
  const auto packed = PackedSets::pack(input.set_views, {0.1, 1}, input.centre).value();
  Matrix<double> out(3, 2);
  const auto held = cramped_->hold(packed.view()).value();
  EXPECT_EQ(cramped_->cross_terms(*held, input.query_views, out.view()).error().code,
            ErrorCode::device_memory);
}

TEST_F(CudaParts, CrossTermsOfManyCoordinatesKeepTheBound) {
  // Norms that do not cancel, far from the centre on both sides; slabs of 16 coordinates that are full or
  // not.
  const auto& backend = roomy_;
  for (const std::size_t d : {1u, 15u, 16u, 17u, 1279u, 1280u}) {
    const double gamma = 0.5 / static_cast<double>(d);
    const auto set = testing::random_set({9, d, gamma, 1, 1}, d),
               query = testing::random_set({10, d, gamma, 1.1, 1}, 7);
    const compute::ReducedSetView view = set.view(), query_view = query.view();
    const std::vector<double> centre(d, 0.0);
    const auto packed = PackedSets::pack({&view, 1}, {gamma, 1}, centre).value();
    Matrix<double> have(1, 1);
    double want = 0;
    ASSERT_TRUE(backend->cross_terms(*backend->hold(packed.view()).value(), {&query_view, 1}, have.view())
                    .has_value());
    ASSERT_TRUE(backend->inner_products(query_view, {&view, 1}, {&want, 1}).has_value());
    double radius = 0;
    for (std::size_t i = 0; i < 10; ++i) {
      double norm = 0;
      for (const double value : query.points.row(i)) norm += value * value;
      radius = std::max(radius, std::sqrt(norm));
    }
    EXPECT_NEAR(have(0, 0), want, compute::cross_term_error({gamma, 1}, d, packed.radius(), radius)) << d;
  }
}

struct Scans {
  compute::ScanCodes codes{CodeType::int4, 16};
  std::vector<std::vector<double>> coordinates;
  std::vector<compute::EmbeddingView> queries;

  Scans() {
    const auto items = testing::random_set({5000, 16, 0.1, 0, 0.2}, 1).points;
    for (std::size_t i = 0; i < items.rows(); ++i) EXPECT_TRUE(codes.add(view(items.row(i))).has_value());
    for (std::uint64_t q = 0; q < 9; ++q) {
      const auto point = testing::random_set({1, 16, 0.1, 0, 0.2}, 100 + q).points;
      coordinates.emplace_back(point.values());
    }
    for (const auto& query : coordinates) queries.push_back(view(query));
  }
  static compute::EmbeddingView view(std::span<const double> a) {
    double norm = 0.01;
    for (const double value : a) norm += value * value;
    return {a, 0.1, norm};
  }
};

TEST_F(CudaParts, ScansOfAnyLength) {
  const Scans scans;
  const auto in_one = roomy_->hold(scans.codes.view()).value();
  const auto cramped = testing::open_shim(testing::shim_options(160 * 1024));
  const auto in_parts = cramped->hold(scans.codes.view()).value();
  const compute::ScanJob job{scans.queries, nullptr, 2};
  const std::vector<float> all(9, std::numeric_limits<float>::infinity());
  Matrix<ScanHit> every(9, 5000), parts(9, 5000);
  std::vector<std::size_t> counts(9), part_counts(9);
  ASSERT_TRUE(roomy_->scan_within(*in_one, job, all, every.view(), counts).has_value());
  ASSERT_TRUE(cramped->scan_within(*in_parts, job, all, parts.view(), part_counts).has_value());
  EXPECT_EQ(part_counts, counts);
  // Up to 256 four queries share a pass, up to 3840 the list is in shared memory, beyond it the host selects.
  for (const std::size_t k : {1u, 255u, 257u, 3841u}) {
    Matrix<ScanHit> best(9, k);
    for (const auto* backend : {roomy_.get(), cramped.get()}) {
      const auto& held = backend == roomy_.get() ? in_one : in_parts;
      ASSERT_TRUE(backend->scan_smallest(*held, job, best.view(), part_counts).has_value()) << k;
      for (std::size_t q = 0; q < 9; ++q) {
        std::vector<ScanHit> sorted(every.row(q).begin(), every.row(q).end());
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const ScanHit& a, const ScanHit& b) { return a.lower_bound < b.lower_bound; });
        ASSERT_EQ(part_counts[q], k);
        for (std::size_t i = 0; i < k; ++i) {
          ASSERT_EQ(best(q, i).item, sorted[i].item) << "k " << k << " query " << q << " place " << i;
          ASSERT_EQ(best(q, i).lower_bound, sorted[i].lower_bound);
          ASSERT_EQ(parts(q, i).item, i);
        }
      }
    }
  }
}

TEST_F(CudaParts, DataLargerThanTheWorkspaceStreams) {
  const auto points = testing::random_set({11, 5}, 1);
  const auto data = testing::random_data(3000, 5, 2), centres = testing::random_data(70, 5, 3);
  for (const std::uint32_t scales : {1u, 3u}) {
    std::vector<double> want(11), have(11), want_slope(11), have_slope(11);
    Matrix<double> want_points(11, 5), have_points(11, 5);
    ASSERT_TRUE(roomy_
                    ->data_sums(points.points.view(), data.view(), {0.02, scales},
                                {want, want_points.view(), want_slope})
                    .has_value());
    ASSERT_TRUE(cramped_
                    ->data_sums(points.points.view(), data.view(), {0.02, scales},
                                {have, have_points.view(), have_slope})
                    .has_value());
    for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(have[i], want[i], 1e-9);
    for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(have_slope[i], want_slope[i], 1e-9);
    for (std::size_t i = 0; i < 55; ++i) EXPECT_NEAR(have_points.values()[i], want_points.values()[i], 1e-9);
  }
  Matrix<double> sums(70, 5), part_sums(70, 5);
  std::vector<std::uint64_t> counts(70), part_counts(70);
  const compute::KmeansJob in_one{data.view(), centres.view(), sums.view(), counts, {}, {}};
  const compute::KmeansJob in_parts{data.view(), centres.view(), part_sums.view(), part_counts, {}, {}};
  ASSERT_TRUE(roomy_->kmeans_step({&in_one, 1}).has_value());
  ASSERT_TRUE(cramped_->kmeans_step({&in_parts, 1}).has_value());
  EXPECT_EQ(part_counts, counts);
  EXPECT_EQ(part_sums, sums);
  const auto many = testing::random_set({200, 5}, 4);
  Matrix<double> gram(200, 200), part_gram(200, 200);
  ASSERT_TRUE(roomy_->gram(many.points.view(), {0.1}, gram.view()).has_value());
  ASSERT_TRUE(cramped_->gram(many.points.view(), {0.1}, part_gram.view()).has_value());
  EXPECT_EQ(part_gram, gram);
}

}  // namespace
}  // namespace learndock::cuda
