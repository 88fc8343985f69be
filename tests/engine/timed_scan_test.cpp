// Scans in slices give what one scan gives; one that a deadline cuts says so and returns what it read.
#include "engine/prefilter/timed_scan.hpp"

#include "support/generators.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace learndock::engine {
namespace {

using compute::BlockRange;
using compute::ScanHit;
using std::chrono::steady_clock;

constexpr std::size_t kItems = 1000, kQueries = 6;

class TimedScanTest : public ::testing::Test {
 protected:
  TimedScanTest() {
    const auto items = testing::random_set({kItems, 12, 0.1, 0, 0.2}, 1).points;
    for (std::size_t i = 0; i < kItems; ++i) {
      // Every seventh item twice: ties, also over the border of a slice.
      EXPECT_TRUE(codes_.add(view(items.row(i % 7 == 0 ? i / 2 : i))).has_value());
    }
    for (std::uint64_t q = 0; q < kQueries; ++q)
      points_.push_back(testing::random_set({1, 12, 0.1, 0, 0.2}, 100 + q).points);
    for (const auto& point : points_) queries_.push_back(view(point.values()));
    held_ = backend_->hold(codes_.view()).value();
  }
  static compute::EmbeddingView view(std::span<const double> coordinates) {
    double norm = 0.01;
    for (const double value : coordinates) norm += value * value;
    return {coordinates, 0.1, norm};
  }
  [[nodiscard]] TimedScan in_slices_of(std::size_t blocks) const { return {backend_, held_, blocks}; }

  const std::shared_ptr<const compute::Backend> backend_ = testing::test_backend();
  compute::ScanCodes codes_{compute::CodeType::int4, 12};
  std::vector<Matrix<double>> points_;
  std::vector<compute::EmbeddingView> queries_;
  std::shared_ptr<const compute::HeldCodes> held_;
  const Deadline far_ = steady_clock::now() + std::chrono::hours(1);
};

TEST_F(TimedScanTest, SlicesGiveWhatOneScanGives) {
  const std::vector<BlockRange> some = {{3, 9, 0}, {20, 1, 0}, {25, 6, 0}};
  for (const std::span<const BlockRange> ranges :
       {std::span<const BlockRange>(), std::span<const BlockRange>(some)})
    for (const std::size_t blocks : {1U, 2U, 5U, 100U})
      for (const std::size_t k : {1U, 40U, 2000U}) {
        const compute::ScanJob job{queries_, nullptr, 2, ranges};
        Matrix<ScanHit> want(kQueries, k), have(kQueries, k);
        std::vector<std::size_t> want_counts(kQueries), have_counts(kQueries);
        ASSERT_TRUE(backend_->scan_smallest(*held_, job, want.view(), want_counts));
        ASSERT_TRUE(in_slices_of(blocks).smallest(job, far_, have.view(), have_counts).value());
        ASSERT_EQ(have_counts, want_counts);
        std::vector<float> thresholds;
        for (std::size_t q = 0; q < kQueries; ++q) {
          for (std::size_t i = 0; i < want_counts[q]; ++i) {
            ASSERT_EQ(have(q, i).item, want(q, i).item) << "query " << q << " place " << i;
            ASSERT_EQ(have(q, i).lower_bound, want(q, i).lower_bound);
          }
          thresholds.push_back(want(q, want_counts[q] / 2).lower_bound);
        }
        ASSERT_TRUE(backend_->scan_within(*held_, job, thresholds, want.view(), want_counts));
        ASSERT_TRUE(in_slices_of(blocks).within(job, far_, thresholds, have.view(), have_counts).value());
        EXPECT_EQ(have_counts, want_counts) << "what has no room is counted all the same";
      }
}

TEST_F(TimedScanTest, ALateScanReturnsWhatItRead) {
  const compute::ScanJob job{std::span(queries_).first(4), nullptr, 2, {}};
  Matrix<ScanHit> hits(4, kItems);
  std::vector<std::size_t> counts(4);
  const TimedScan scan = in_slices_of(3);
  ASSERT_FALSE(scan.smallest(job, steady_clock::now(), hits.view(), counts).value());
  EXPECT_EQ(counts, std::vector<std::size_t>(4, 3 * compute::kBlockItems));
  for (std::size_t i = 0; i < counts[0]; ++i) EXPECT_LT(hits(0, i).item, 3 * compute::kBlockItems);
  const std::vector<float> all(4, std::numeric_limits<float>::infinity());
  ASSERT_FALSE(scan.within(job, steady_clock::now(), all, hits.view(), counts).value());
  EXPECT_EQ(counts, std::vector<std::size_t>(4, 3 * compute::kBlockItems));
  ASSERT_TRUE(in_slices_of(100).smallest(job, steady_clock::now(), hits.view(), counts).value())
      << "a scan of one slice is whole";
}

}  // namespace
}  // namespace learndock::engine
