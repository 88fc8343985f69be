// Rounds of k-means: every backend against plain loops over shapes around the kernel's tiles, with centres
// that are equal and centres that nothing is near.
#include "learndock/compute/registry.hpp"

#include "support/compute_challengers.hpp"
#include "support/generators.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace learndock::compute {
namespace {

struct KmeansCase {
  std::size_t rows, centres, dimension;
  float offset = 0;
  bool every_other_twice = false;  ///< centre 2 i + 1 equals centre 2 i, and is its rows' nearest never
};

std::vector<KmeansCase> kmeans_cases() {
  std::vector<KmeansCase> cases;
  for (const std::size_t rows : {0u, 1u, 5u, 6u, 7u, 255u, 256u, 257u, 4095u, 4096u, 8193u})
    cases.push_back({rows, 20, 9});
  for (const std::size_t centres : {1u, 2u, 8u, 15u, 16u, 17u, 31u, 33u, 47u, 63u, 64u, 65u, 100u, 129u})
    cases.push_back({300, centres, 5});
  for (const std::size_t dimension : {1u, 2u, 7u, 8u, 15u, 16u, 17u, 64u, 400u, 5000u})
    cases.push_back({40, 21, dimension});
  for (const std::size_t centres : {2u, 40u, 100u}) cases.push_back({700, centres, 12, 0, true});
  cases.push_back({500, 30, 6, 3000});
  return cases;
}

/// Centres 8 apart along the first coordinate, rows within 1 of one of the centres that have an even index.
struct Clusters {
  Matrix<float> centres, data;
  std::vector<std::uint32_t> labels;

  Clusters(const KmeansCase& c, std::uint64_t seed)
      : centres(testing::random_data(c.centres, c.dimension, seed, c.offset)),
        data(c.rows, c.dimension),
        labels(c.rows) {
    for (std::size_t i = 0; i < c.centres; ++i)
      centres(i, 0) = c.offset + 8 * static_cast<float>(c.every_other_twice ? i / 2 : i);
    for (std::size_t i = 1; c.every_other_twice && i < c.centres; i += 2)
      std::copy_n(centres.row(i - 1).data(), c.dimension, centres.row(i).data());
    std::mt19937_64 random(seed + 1);
    const float spread = 1 / std::sqrt(static_cast<float>(c.dimension));
    std::uniform_real_distribution<float> noise(-spread, spread);
    for (std::size_t x = 0; x < c.rows; ++x) {
      labels[x] = static_cast<std::uint32_t>(random() % ((c.centres + 1) / 2) * 2);
      for (std::size_t k = 0; k < c.dimension; ++k) data(x, k) = centres(labels[x], k) + noise(random);
    }
  }
};

struct Round {
  Matrix<double> sums;
  std::vector<std::uint64_t> counts;

  /// What is there before must not matter.
  explicit Round(const Clusters& clusters)
      : sums(clusters.centres.rows(), clusters.centres.cols(),
             std::vector<double>(clusters.centres.values().size(), 7.0)),
        counts(clusters.centres.rows(), 7) {}
  KmeansJob job(const Clusters& clusters) {
    return {clusters.data.view(), clusters.centres.view(), sums.view(), counts, {}, {}};
  }
};

void expect_sums_of_labels(const Clusters& clusters, const Round& have) {
  const std::size_t k = clusters.centres.rows(), d = clusters.centres.cols();
  Matrix<double> sums(k, d), sizes(k, d);
  std::vector<std::uint64_t> counts(k, 0);
  for (std::size_t x = 0; x < clusters.labels.size(); ++x) {
    ++counts[clusters.labels[x]];
    for (std::size_t c = 0; c < d; ++c) {
      sums(clusters.labels[x], c) += static_cast<double>(clusters.data(x, c));
      sizes(clusters.labels[x], c) += std::abs(static_cast<double>(clusters.data(x, c)));
    }
  }
  ASSERT_EQ(have.counts, counts);
  // Sums in double, in whatever order.
  const double each = 0x1p-52 * (static_cast<double>(clusters.labels.size()) + 1);
  for (std::size_t i = 0; i < k * d; ++i)
    ASSERT_NEAR(have.sums.values()[i], sums.values()[i], each * sizes.values()[i]) << i;
}

class Kmeans : public ::testing::TestWithParam<testing::Challenger> {
 protected:
  void SetUp() override { backend_ = GetParam().open(); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
  std::shared_ptr<const Backend> backend_;
};

TEST_P(Kmeans, SumsAndCountsAreThoseOfTheNearestCentres) {
  for (const KmeansCase& c : kmeans_cases()) {
    SCOPED_TRACE("rows " + std::to_string(c.rows) + " centres " + std::to_string(c.centres) + " d " +
                 std::to_string(c.dimension) + (c.every_other_twice ? " twice" : ""));
    const Clusters clusters(c, 1);
    Round have(clusters);
    const KmeansJob job = have.job(clusters);
    ASSERT_TRUE(backend_->kmeans_step({&job, 1}).has_value());
    expect_sums_of_labels(clusters, have);
  }
}

TEST_P(Kmeans, ManyDataSetsAtOnce) {
  std::vector<Clusters> clusters;
  std::vector<Round> have;
  std::vector<KmeansJob> jobs;
  std::uint64_t seed = 1;
  for (const std::size_t rows : {0u, 3u, 9000u, 50u, 0u})
    clusters.emplace_back(KmeansCase{rows, 7, 4}, seed++);
  for (const Clusters& each : clusters) have.emplace_back(each);
  for (std::size_t j = 0; j < clusters.size(); ++j) jobs.push_back(have[j].job(clusters[j]));
  ASSERT_TRUE(backend_->kmeans_step(jobs).has_value());
  for (std::size_t j = 0; j < clusters.size(); ++j) expect_sums_of_labels(clusters[j], have[j]);
  EXPECT_TRUE(backend_->kmeans_step({}).has_value());
}

TEST_P(Kmeans, RefusesMismatchedShapes) {
  const Clusters clusters({10, 4, 3}, 1);
  const Clusters other({10, 5, 2}, 1);
  Round round(clusters), wrong(other);
  KmeansJob job = round.job(clusters);
  const auto refused = [&](const KmeansJob& bad) {
    const auto result = backend_->kmeans_step({&bad, 1});
    return !result.has_value() && result.error().code == ErrorCode::invalid_argument;
  };
  job.data = other.data.view();
  EXPECT_TRUE(refused(job));
  job = round.job(clusters);
  job.centres = {};
  EXPECT_TRUE(refused(job));
  job = round.job(clusters);
  job.sums = wrong.sums.view();
  EXPECT_TRUE(refused(job));
  job = round.job(clusters);
  job.counts = wrong.counts;
  EXPECT_TRUE(refused(job));
  std::vector<KmeansRow> rows(9);
  job = round.job(clusters);
  job.rows = rows;
  EXPECT_TRUE(refused(job));
  job = round.job(clusters);
  job.previous = other.centres.view();
  EXPECT_TRUE(refused(job));
}

// Rounds that remember their rows find what rounds without memory find, to rounding: also for centres that
// jump and for one that nothing is near.
TEST_P(Kmeans, RememberedRowsChangeNothing) {
  for (const std::size_t k : {1u, 2u, 17u, 60u})
    for (const std::size_t d : {1u, 3u, 16u}) {
      SCOPED_TRACE("centres " + std::to_string(k) + " d " + std::to_string(d));
      const std::size_t n = 400;
      const auto data = testing::random_data(n, d, k + d);
      Matrix<float> centres = testing::random_data(k, d, 100 + k), previous;
      Matrix<double> sums(k, d), fresh_sums(k, d);
      std::vector<std::uint64_t> counts(k), fresh_counts(k);
      std::vector<KmeansRow> rows(n);
      for (std::size_t round = 0; round < 12; ++round) {
        const KmeansJob job{data.view(), centres.view(), sums.view(),
                            counts,      rows,           std::as_const(previous).view()};
        const KmeansJob fresh{data.view(), centres.view(), fresh_sums.view(), fresh_counts, {}, {}};
        ASSERT_TRUE(backend_->kmeans_step({&job, 1}).has_value());
        ASSERT_TRUE(backend_->kmeans_step({&fresh, 1}).has_value());
        ASSERT_EQ(counts, fresh_counts) << "round " << round;
        for (std::size_t i = 0; i < k * d; ++i)
          ASSERT_NEAR(sums.values()[i], fresh_sums.values()[i], 1e-10) << "round " << round;
        previous = centres;
        for (std::size_t c = 0; c < k; ++c)
          for (std::size_t j = 0; j < d; ++j)
            centres(c, j) =
                counts[c] == 0 ? 0 : static_cast<float>(sums(c, j) / static_cast<double>(counts[c]));
        if (round == 6)
          for (float& value : centres.row(k / 2)) value = 5;
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, Kmeans, ::testing::ValuesIn(testing::challengers()),
                         [](const auto& which) { return which.param.name; });

TEST(KmeansCpu, SameBitsForEveryNumberOfThreads) {
  const auto data = testing::random_data(50'001, 11, 3), centres = testing::random_data(30, 11, 4);
  Matrix<double> first;
  for (const unsigned threads : {1u, 2u, 3u, 7u}) {
    Matrix<double> sums(30, 11);
    std::vector<std::uint64_t> counts(30);
    const KmeansJob job{data.view(), centres.view(), sums.view(), counts, {}, {}};
    ASSERT_TRUE(open_backend("cpu", threads).value()->kmeans_step({&job, 1}).has_value());
    if (first.rows() == 0) first = sums;
    EXPECT_EQ(sums, first) << threads;
  }
}

}  // namespace
}  // namespace learndock::compute
