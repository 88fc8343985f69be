// Certified scans: every backend against the bound in fp64, and the bound against the truth it must stay
// below.
#include "learndock/compute/registry.hpp"

#include "support/compute_cases.hpp"
#include "support/compute_challengers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace learndock::compute {
namespace {

using testing::Embedding;
using testing::embeddings;
using testing::scan_cases;
using testing::ScanCase;

/// B1 in fp64 from the embeddings themselves: what no certified bound may exceed.
double true_bound(const EmbeddingView& a, const EmbeddingView& b) {
  double sum = (a.residual - b.residual) * (a.residual - b.residual);
  for (std::size_t k = 0; k < a.coordinates.size(); ++k)
    sum += (a.coordinates[k] - b.coordinates[k]) * (a.coordinates[k] - b.coordinates[k]);
  return sum;
}

double length(const EmbeddingView& a) { return std::sqrt(a.squared_norm); }

class Scan : public ::testing::TestWithParam<testing::Challenger> {
 protected:
  void SetUp() override { backend_ = GetParam().open(); }
  void TearDown() override { ASSERT_TRUE(limit_instruction_set("").has_value()); }
  std::shared_ptr<const Backend> backend_;
  std::shared_ptr<const Backend> oracle_ = open_backend("cpu_reference").value();
};

TEST_P(Scan, BoundsAreValidAndAsTightAsTheCodes) {
  for (const ScanCase& c : scan_cases()) {
    SCOPED_TRACE("type " + std::to_string(static_cast<int>(c.type)) + " items " + std::to_string(c.items) +
                 " D " + std::to_string(c.dimension) + " queries " + std::to_string(c.queries) + " bytes " +
                 std::to_string(c.query_bytes) + " spread " + std::to_string(c.spread));
    const auto items = embeddings(c.items, c, 1), queries = embeddings(c.queries, c, 2);
    ScanCodes codes(c.type, c.dimension);
    for (const auto& item : items) ASSERT_TRUE(codes.add(item.view()).has_value());
    std::vector<EmbeddingView> views;
    for (const auto& query : queries) views.push_back(query.view());
    const ScanJob job{views, nullptr, c.query_bytes};
    const std::vector<float> all(c.queries, std::numeric_limits<float>::infinity());
    Matrix<ScanHit> have(c.queries, c.items), want(c.queries, c.items);
    std::vector<std::size_t> counts(c.queries), want_counts(c.queries);
    ASSERT_TRUE(backend_->scan_within(*backend_->hold(codes.view()).value(), job, all, have.view(), counts)
                    .has_value());
    ASSERT_TRUE(oracle_->scan_within(*oracle_->hold(codes.view()).value(), job, all, want.view(), want_counts)
                    .has_value());
    for (std::size_t q = 0; q < c.queries; ++q) {
      ASSERT_EQ(counts[q], c.items);
      for (std::size_t i = 0; i < c.items; ++i) {
        const double bound = static_cast<double>(have(q, i).lower_bound);
        EXPECT_EQ(have(q, i).item, i);
        EXPECT_LE(bound, true_bound(items[i].view(), views[q]) * (1 + 1e-6) + 1e-9 * c.spread * c.spread)
            << "not a lower bound";
        // Looser than fp64 only by the query's rounding (one part in 127 or 16,256 of its largest coordinate)
        // and by fp32.
        const double rounding =
            2 * length(items[i].view()) * length(views[q]) * std::sqrt(static_cast<double>(c.dimension)) /
                (c.query_bytes == 1 ? 127 : 16'256) +
            2e-3 * static_cast<double>(codes.view().factor(i, Factor::code_error)) * length(views[q]) +
            1e-4 * (items[i].view().squared_norm + views[q].squared_norm);
        EXPECT_GE(bound, static_cast<double>(want(q, i).lower_bound) - rounding) << "too loose";
      }
    }
  }
}

TEST_P(Scan, SmallestAreTheSmallestInOrderAndRespectTheFilter) {
  const ScanCase c{CodeType::int8, 3000, 32, 5, 0.3, 2};
  const auto items = embeddings(c.items, c, 1), queries = embeddings(c.queries, c, 2);
  ScanCodes codes(c.type, c.dimension);
  // Every item twice: equal bounds must come in item order.
  for (const auto& item : items) ASSERT_TRUE(codes.add(item.view()).has_value());
  for (const auto& item : items) ASSERT_TRUE(codes.add(item.view()).has_value());
  std::vector<EmbeddingView> views;
  for (const auto& query : queries) views.push_back(query.view());
  std::vector<std::uint64_t> allowed((2 * c.items + 63) / 64, 0);
  for (std::size_t i = 0; i < 2 * c.items; ++i)
    if (i % 3 != 0) allowed[i / 64] |= std::uint64_t{1} << (i % 64);
  const ScanJob job{views, allowed.data(), 2};
  const auto held = backend_->hold(codes.view()).value();
  Matrix<ScanHit> every(5, 2 * c.items), best(5, 50);
  std::vector<std::size_t> counts(5), best_counts(5);
  const std::vector<float> all(5, std::numeric_limits<float>::infinity());
  ASSERT_TRUE(backend_->scan_within(*held, job, all, every.view(), counts).has_value());
  ASSERT_TRUE(backend_->scan_smallest(*held, job, best.view(), best_counts).has_value());
  for (std::size_t q = 0; q < 5; ++q) {
    EXPECT_EQ(counts[q], 4000u);
    std::vector<ScanHit> sorted(every.row(q).begin(), every.row(q).begin() + 4000);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const ScanHit& a, const ScanHit& b) { return a.lower_bound < b.lower_bound; });
    ASSERT_EQ(best_counts[q], 50u);
    for (std::size_t i = 0; i < 50; ++i) {
      EXPECT_EQ(best(q, i).item, sorted[i].item);
      EXPECT_EQ(best(q, i).lower_bound, sorted[i].lower_bound);
      EXPECT_NE(best(q, i).item % 3, 0u) << "filtered out";
    }
  }
}

TEST_P(Scan, WithinCountsWhatDoesNotFit) {
  const ScanCase c{CodeType::int4, 100, 8, 1, 0.3, 2};
  const auto items = embeddings(c.items, c, 1), queries = embeddings(1, c, 2);
  ScanCodes codes(c.type, c.dimension);
  for (const auto& item : items) ASSERT_TRUE(codes.add(item.view()).has_value());
  const EmbeddingView query = queries[0].view();
  const auto held = backend_->hold(codes.view()).value();
  Matrix<ScanHit> few(1, 10);
  std::vector<std::size_t> counts(1);
  const float all[] = {1e9F}, none[] = {-1e9F};
  ASSERT_TRUE(backend_->scan_within(*held, {{&query, 1}, nullptr, 2}, all, few.view(), counts).has_value());
  EXPECT_EQ(counts[0], 100u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(few(0, i).item, i);
  ASSERT_TRUE(backend_->scan_within(*held, {{&query, 1}, nullptr, 2}, none, few.view(), counts).has_value());
  EXPECT_EQ(counts[0], 0u);
  Matrix<ScanHit> more(1, 200);
  ASSERT_TRUE(backend_->scan_smallest(*held, {{&query, 1}, nullptr, 2}, more.view(), counts).has_value());
  EXPECT_EQ(counts[0], 100u) << "fewer items than asked for";
}

/// Codes, queries, and every bound of one backend: what its early outs may not change.
struct Searched {
  ScanCodes codes;
  std::vector<Embedding> query_embeddings;
  std::vector<EmbeddingView> queries;
  std::shared_ptr<const HeldCodes> held;
  Matrix<ScanHit> every;

  Searched(const Backend& backend, const ScanCase& c, const std::vector<Embedding>& items)
      : codes(c.type, c.dimension), query_embeddings(embeddings(c.queries, c, 2)), every(c.queries, c.items) {
    for (const auto& item : items) EXPECT_TRUE(codes.add(item.view()).has_value());
    for (const auto& query : query_embeddings) queries.push_back(query.view());
    held = backend.hold(codes.view()).value();
    const std::vector<float> all(c.queries, std::numeric_limits<float>::infinity());
    EXPECT_EQ(within(backend, c, all, every), std::vector<std::size_t>(c.queries, c.items));
  }
  std::vector<std::size_t> within(const Backend& backend, const ScanCase& c, const std::vector<float>& limits,
                                  Matrix<ScanHit>& out) const {
    std::vector<std::size_t> counts(c.queries);
    EXPECT_TRUE(backend.scan_within(*held, {queries, nullptr, c.query_bytes}, limits, out.view(), counts)
                    .has_value());
    return counts;
  }
};

bool same(const ScanHit& a, const ScanHit& b) { return a.item == b.item && a.lower_bound == b.lower_bound; }

std::vector<ScanCase> early_out_cases() {
  std::vector<ScanCase> cases;
  for (const CodeType type : {CodeType::fp32, CodeType::fp16, CodeType::int8, CodeType::int4})
    for (const unsigned bytes : {1u, 2u})
      for (const std::size_t queries : {1u, 2u, 13u}) {
        for (const double spread : {0.3, 100.0}) cases.push_back({type, 97, 40, queries, spread, bytes});
        if (type != CodeType::fp16)
          for (const double spread : {1e-12, 1e12}) cases.push_back({type, 97, 40, queries, spread, bytes});
      }
  return cases;
}

TEST_P(Scan, ALimitThatIsABoundLetsExactlyTheItemsUpToItIn) {
  for (const ScanCase& c : early_out_cases()) {
    SCOPED_TRACE("type " + std::to_string(static_cast<int>(c.type)) + " queries " +
                 std::to_string(c.queries) + " bytes " + std::to_string(c.query_bytes) + " spread " +
                 std::to_string(c.spread));
    const Searched searched(*backend_, c, embeddings(c.items, c, 1));
    Matrix<ScanHit> have(c.queries, c.items);
    for (std::size_t i = 0; i < c.items; i += 9)
      for (const bool below : {false, true}) {
        std::vector<float> limits;
        for (std::size_t q = 0; q < c.queries; ++q) {
          const float bound = searched.every(q, (i + q) % c.items).lower_bound;
          limits.push_back(below ? std::nextafter(bound, -std::numeric_limits<float>::infinity()) : bound);
        }
        const auto counts = searched.within(*backend_, c, limits, have);
        for (std::size_t q = 0; q < c.queries; ++q) {
          std::vector<ScanHit> want;
          for (const ScanHit& hit : searched.every.row(q))
            if (hit.lower_bound <= limits[q]) want.push_back(hit);
          ASSERT_EQ(counts[q], want.size()) << "limit " << limits[q];
          for (std::size_t h = 0; h < want.size(); ++h) ASSERT_TRUE(same(have(q, h), want[h])) << h;
        }
      }
  }
}

TEST_P(Scan, LimitsThatNothingMeets) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const CodeType type : {CodeType::fp32, CodeType::int8}) {
    const ScanCase c{type, 70, 16, 3, 0.3, 1};
    const Searched searched(*backend_, c, embeddings(c.items, c, 1));
    Matrix<ScanHit> out(3, c.items);
    EXPECT_EQ(searched.within(*backend_, c, {-infinity, std::nanf(""), -1e6F}, out),
              std::vector<std::size_t>(3, 0));
  }
}

TEST_P(Scan, SmallestOfManyTasksAreThoseOfTheWholeSort) {
  for (const CodeType type : {CodeType::int8, CodeType::int4})
    for (const std::size_t queries : {1u, 13u}) {
      const ScanCase c{type, 17'000, 8, queries, 0.3, queries == 1 ? 2U : 1U};
      const Searched searched(*backend_, c, embeddings(c.items, c, 1));
      for (const std::size_t k : {1u, 200u, 17'001u}) {
        Matrix<ScanHit> best(queries, k);
        std::vector<std::size_t> counts(queries);
        ASSERT_TRUE(backend_
                        ->scan_smallest(*searched.held, {searched.queries, nullptr, c.query_bytes},
                                        best.view(), counts)
                        .has_value());
        for (std::size_t q = 0; q < queries; ++q) {
          std::vector<ScanHit> want(searched.every.row(q).begin(), searched.every.row(q).end());
          std::stable_sort(want.begin(), want.end(),
                           [](const ScanHit& a, const ScanHit& b) { return a.lower_bound < b.lower_bound; });
          ASSERT_EQ(counts[q], std::min(k, c.items));
          for (std::size_t i = 0; i < counts[q]; ++i)
            ASSERT_TRUE(same(best(q, i), want[i])) << "query " << q << " place " << i << " of " << k;
        }
      }
    }
}

TEST_P(Scan, AmongEqualItemsTheFirstAreTheSmallest) {
  const ScanCase c{CodeType::int8, 20'000, 8, 13, 0.3, 1};
  const Searched searched(*backend_, c, std::vector<Embedding>(c.items, embeddings(1, c, 1)[0]));
  Matrix<ScanHit> best(c.queries, 100);
  std::vector<std::size_t> counts(c.queries);
  ASSERT_TRUE(backend_->scan_smallest(*searched.held, {searched.queries, nullptr, 1}, best.view(), counts)
                  .has_value());
  for (std::size_t q = 0; q < c.queries; ++q)
    for (std::size_t i = 0; i < 100; ++i) ASSERT_EQ(best(q, i).item, i) << "query " << q;
}

/// Items in blocks that padding closes early, and ranges over some of the blocks whose bounds cut through the
/// items' own.
struct Ranged {
  ScanCase c;
  ScanCodes codes, packed;           // `packed`: the same items without padding
  std::vector<std::size_t> item_of;  // of a place in `codes`; the number of items for padding
  std::vector<Embedding> query_embeddings;
  std::vector<EmbeddingView> queries;
  std::vector<BlockRange> ranges;

  Ranged(CodeType type, std::size_t query_count, unsigned bytes)
      : c{type, 900, 24, query_count, 0.3, bytes},
        codes(type, c.dimension),
        packed(type, c.dimension),
        query_embeddings(embeddings(query_count, c, 2)) {
    const auto items = embeddings(c.items, c, 1);
    for (const auto& item : items) EXPECT_TRUE(packed.add(item.view()).has_value());
    std::mt19937_64 random(5);
    for (std::size_t i = 0; i < c.items; ++i) {
      const std::size_t block = codes.view().blocks();
      codes.add_coded(packed.view(), i);
      if (codes.view().blocks() > block) item_of.resize(block * kBlockItems, c.items);
      item_of.push_back(i);
      if (random() % 20 == 0) codes.close_block();
    }
    item_of.resize(codes.view().blocks() * kBlockItems, c.items);
    for (const auto& query : query_embeddings) queries.push_back(query.view());
    std::vector<float> bounds;
    const auto blocks = static_cast<std::uint32_t>(codes.view().blocks());
    for (std::uint32_t first = 0; first < blocks; first += 4) {
      ranges.push_back({first, std::min(3U, blocks - first), 0});  // every fourth block is left out
      bounds.push_back(static_cast<float>(random() % 1000) * 3e-4F);
    }
    std::sort(bounds.begin(), bounds.end());
    std::shuffle(ranges.begin(), ranges.end(), random);
    for (std::size_t r = 0; r < ranges.size(); ++r) ranges[r].lower_bound = bounds[r];
  }

  /// What a scan must find, from the bounds of the same items scanned one after the other.
  [[nodiscard]] std::vector<ScanHit> want(const Backend& backend, std::size_t q) const {
    Matrix<ScanHit> own(queries.size(), c.items);
    std::vector<std::size_t> counts(queries.size());
    const std::vector<float> all(queries.size(), std::numeric_limits<float>::infinity());
    EXPECT_TRUE(backend.scan_within(*backend.hold(packed.view()).value(), {queries, nullptr, c.query_bytes},
                                    all, own.view(), counts));
    std::vector<ScanHit> hits;
    for (const BlockRange& range : ranges)
      for (std::size_t at = range.first * kBlockItems; at < (range.first + range.count) * kBlockItems; ++at)
        if (item_of[at] < c.items)
          hits.push_back({at, std::max(range.lower_bound, own(q, item_of[at]).lower_bound)});
    std::sort(hits.begin(), hits.end(), [](const ScanHit& a, const ScanHit& b) {
      return a.lower_bound != b.lower_bound ? a.lower_bound < b.lower_bound : a.item < b.item;
    });
    return hits;
  }
};

TEST_P(Scan, RangesBoundTheirItemsAndPaddingIsNeverFound) {
  for (const CodeType type : {CodeType::fp32, CodeType::fp16, CodeType::int8, CodeType::int4})
    for (const std::size_t queries : {1u, 6u}) {
      SCOPED_TRACE(::testing::Message() << "type " << static_cast<int>(type) << " queries " << queries);
      const Ranged ranged(type, queries, queries == 1 ? 2 : 1);
      const auto held = backend_->hold(ranged.codes.view()).value();
      ScanJob job{ranged.queries, nullptr, ranged.c.query_bytes};
      job.ranges = ranged.ranges;
      std::vector<std::size_t> counts(queries);
      for (const std::size_t k : {1u, 40u, 2000u}) {
        Matrix<ScanHit> best(queries, k);
        ASSERT_TRUE(backend_->scan_smallest(*held, job, best.view(), counts).has_value());
        for (std::size_t q = 0; q < queries; ++q) {
          const auto want = ranged.want(*backend_, q);
          ASSERT_EQ(counts[q], std::min(k, want.size()));
          for (std::size_t i = 0; i < counts[q]; ++i) ASSERT_TRUE(same(best(q, i), want[i])) << i;
        }
      }
      std::vector<float> limits;
      for (std::size_t q = 0; q < queries; ++q)
        limits.push_back(ranged.want(*backend_, q)[50 + 60 * q].lower_bound);
      Matrix<ScanHit> within(queries, 1000);
      ASSERT_TRUE(backend_->scan_within(*held, job, limits, within.view(), counts).has_value());
      for (std::size_t q = 0; q < queries; ++q) {
        std::vector<std::uint64_t> have, expected;
        for (std::size_t i = 0; i < counts[q]; ++i) have.push_back(within(q, i).item);
        for (const ScanHit& hit : ranged.want(*backend_, q))
          if (hit.lower_bound <= limits[q]) expected.push_back(hit.item);
        std::sort(have.begin(), have.end());
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(have, expected);
      }
    }
}

TEST_P(Scan, RangesOutsideOrOutOfOrderAreRefused) {
  const Ranged ranged(CodeType::int8, 1, 2);
  const auto held = backend_->hold(ranged.codes.view()).value();
  Matrix<ScanHit> best(1, 3);
  std::vector<std::size_t> counts(1);
  const auto blocks = static_cast<std::uint32_t>(ranged.codes.view().blocks());
  for (const std::vector<BlockRange>& ranges :
       {std::vector<BlockRange>{{blocks - 1, 2, 0}}, {{0, 1, 0.5F}, {2, 1, 0.25F}}, {{~0U, ~0U, 0}}}) {
    ScanJob job{ranged.queries, nullptr, 2};
    job.ranges = ranges;
    const auto done = backend_->scan_smallest(*held, job, best.view(), counts);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::invalid_argument);
  }
}

TEST_P(Scan, QueriesThatAreNoEmbeddingsAreRefused) {
  ScanCodes codes(CodeType::int8, 2);
  const double item[] = {0.5, 0.5};
  ASSERT_TRUE(codes.add({item, 0.1, 0.51}).has_value());
  const auto held = backend_->hold(codes.view()).value();
  Matrix<ScanHit> hits(1, 1);
  std::vector<std::size_t> counts(1);
  const double nan = std::nan("");
  const double holes[] = {0.5, nan};
  const float all[] = {1e30F};
  const EmbeddingView odd[] = {{holes, 0, 1}, {item, nan, 1}, {item, 0, nan}, {item, -1, 1}, {item, 0, 0.1}};
  for (const EmbeddingView& query : odd) {
    const ScanJob job{{&query, 1}, nullptr, 2};
    for (const auto& done : {backend_->scan_smallest(*held, job, hits.view(), counts),
                             backend_->scan_within(*held, job, all, hits.view(), counts)}) {
      ASSERT_FALSE(done.has_value());
      EXPECT_EQ(done.error().code, ErrorCode::invalid_argument);
    }
  }
  const EmbeddingView sound{item, 0.1, 0.51};
  EXPECT_TRUE(backend_->scan_within(*held, {{&sound, 1}, nullptr, 2}, all, hits.view(), counts).has_value());
}

INSTANTIATE_TEST_SUITE_P(Backends, Scan, ::testing::ValuesIn(testing::challengers()),
                         [](const auto& which) { return which.param.name; });

TEST(ScanCodes, RefusesWhatIsNoEmbedding) {
  ScanCodes codes(CodeType::fp16, 1);
  const double big[] = {1e5}, fine[] = {0.5}, two[] = {1, 2};
  EXPECT_EQ(codes.add({two, 0, 5}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(codes.add({big, 0, 1e10}).error().code, ErrorCode::invalid_argument) << "beyond half precision";
  EXPECT_EQ(codes.add({fine, -1, 1}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(codes.add({fine, 0, std::nan("")}).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(codes.add({fine, 0, 0.25}).has_value());
  EXPECT_TRUE(codes.add({fine, 0, 0.25 * (1 - 1e-9)}).has_value()) << "as rounding leaves it";
  // The bound allows for rounding by a share of the squared norm.
  const double long_one[] = {std::sqrt(30.0)};
  EXPECT_EQ(codes.add({long_one, 0, 1}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(codes.add({fine, 0, 0.24}).error().code, ErrorCode::invalid_argument);
}

TEST(ScanCodes, HandComputedInt4) {
  // a = (15, -15, 1): with step 1 the codes are q = 15, 0, 8 and v = 15, -15, 1 = a, so t = 1 and e = 0.
  ScanCodes codes(CodeType::int4, 3);
  const double a[] = {15, -15, 1};
  ASSERT_TRUE(codes.add({a, 2, 455}).has_value());
  const ScanCodesView view = codes.view();
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(view.code_value(0, k), a[k]);
  EXPECT_EQ(view.factor(0, Factor::scale), 1.0F);
  EXPECT_LT(view.factor(0, Factor::code_error), 1e-30F);
  EXPECT_NEAR(view.factor(0, Factor::inverse_code_norm), 1.0 / 451, 1e-9);
  // The query (15, 0, 0), r = 1: 455 + 226 - 2 (225 + 0 + 2) = 227.
  const double b[] = {15, 0, 0};
  const EmbeddingView query{b, 1, 226};
  Matrix<ScanHit> hit(1, 1);
  std::vector<std::size_t> counts(1);
  for (const char* name : {"cpu_reference", "cpu"}) {
    const auto backend = open_backend(name).value();
    ASSERT_TRUE(
        backend->scan_smallest(*backend->hold(view).value(), {{&query, 1}, nullptr, 2}, hit.view(), counts)
            .has_value());
    EXPECT_NEAR(static_cast<double>(hit(0, 0).lower_bound), 227, 0.02) << name;
  }
}

}  // namespace
}  // namespace learndock::compute
