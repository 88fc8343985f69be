// Bounds of whole cells against the bounds of their members, in fp64.
#include "engine/prefilter/cells.hpp"

#include "engine/prefilter/cell_scan.hpp"
#include "engine/prefilter/code_scan.hpp"
#include "engine/prefilter/exact_scan.hpp"
#include "engine/search_scene.hpp"
#include "support/test_backend.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace learndock::engine {
namespace {

std::vector<Embedding> random_embeddings(std::size_t count, std::size_t coordinates, double scale,
                                         std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<std::vector<double>> middles(7, std::vector<double>(coordinates));
  for (auto& middle : middles)
    for (double& value : middle) value = scale * normal(random);
  std::vector<Embedding> made;
  for (std::size_t i = 0; i < count; ++i) {
    Embedding one{middles[random() % middles.size()], std::abs(0.2 * scale * normal(random)), 0, 0, 1};
    for (double& value : one.coordinates) value += 0.1 * scale * normal(random);
    one.squared_norm = one.residual * one.residual * (1 - 1e-6);
    for (const double value : one.coordinates) one.squared_norm += value * value;
    made.push_back(std::move(one));
  }
  return made;
}

double product(const Embedding& a, const Embedding& b) {
  return std::inner_product(a.coordinates.begin(), a.coordinates.end(), b.coordinates.begin(),
                            a.residual * b.residual);
}

struct Celled {
  std::vector<Embedding> items, queries;
  Cells cells;

  Celled(std::size_t count, std::size_t coordinates, double scale, std::size_t items_per_cell)
      : items(random_embeddings(count, coordinates, scale, 1)),
        queries(random_embeddings(20, coordinates, scale, 2)) {
    // Items as queries too: the bounds of their own cells are the tightest there are.
    queries.insert(queries.end(), items.begin(), items.begin() + 20);
    EmbeddedRows rows(coordinates);
    for (const Embedding& one : items) rows.add(one);
    cells = make_cells(rows, items_per_cell, 2).value();
  }

  /// Of all cells, queries and members: by how much a cell's bound lies above a member's; negative when none
  /// does.
  [[nodiscard]] double worst(std::optional<double> level) const {
    const CellsView view = cells.view();
    const CellBounds bounds(view, level);
    double worst = -std::numeric_limits<double>::infinity();
    const std::vector<EmbeddedQuery> embedded(queries.begin(), queries.end());
    const Matrix<float> all = bounds.of(embedded, 2);
    for (std::size_t q = 0; q < queries.size(); ++q) {
      const Embedding& query = queries[q];
      for (std::size_t cell = 0; cell < view.cells.size(); ++cell) {
        const std::size_t first = view.cells[cell].first_block * compute::kBlockItems,
                          last = first + view.range_of(cell, 0).count * compute::kBlockItems;
        const auto bound = static_cast<double>(all(q, cell));
        for (std::size_t slot = first; slot < last; ++slot) {
          if (view.order[slot] == CellsView::kNoItem) continue;
          const Embedding& item = items[view.order[slot].index()];
          const double own =
              level.value_or(item.squared_norm) + query.squared_norm - 2 * product(item, query);
          worst = std::max(worst, bound - own);
        }
      }
    }
    return worst;
  }
};

TEST(Cells, HoldEachItemOnceAndBeginBlocks) {
  for (const std::size_t count : {0U, 1U, 32U, 33U, 500U}) {
    EmbeddedRows rows(8);
    for (const Embedding& one : random_embeddings(count, 8, 1, 3)) rows.add(one);
    const Cells cells = make_cells(rows, 40, 1).value();
    const CellsView view = cells.view();
    std::vector<int> seen(count, 0);
    for (const PartItem item : view.order)
      if (item != CellsView::kNoItem) ++seen[item.index()];
    EXPECT_EQ(seen, std::vector<int>(count, 1));
    std::size_t blocks = 0;
    for (std::size_t cell = 0; cell < view.cells.size(); ++cell) {
      EXPECT_EQ(view.cells[cell].first_block, blocks);
      blocks += view.range_of(cell, 0).count;
    }
    EXPECT_EQ(blocks, view.blocks());
  }
}

TEST(Cells, NoBoundOfACellExceedsAMembers) {
  for (const double scale : {1e-6, 0.1, 1.0, 1e6})
    for (const std::size_t items_per_cell : {1U, 5U, 64U}) {
      SCOPED_TRACE(::testing::Message() << "scale " << scale << ", " << items_per_cell << " a cell");
      const Celled celled(300, 40, scale, items_per_cell);
      // What fp64 itself may slip by, here.
      const double slip = 1e-12 * scale * scale;
      EXPECT_LE(celled.worst({}), slip);
      double level = 0;
      for (const Embedding& one : celled.items) level = std::max(level, one.squared_norm);
      EXPECT_LE(celled.worst(level), slip);
    }
}

/// Queries for which some member's bound is the cell's: the centre's own for its nearest member, and points
/// beyond its farthest member as seen from the centre.
std::vector<Embedding> tight_queries(const Celled& celled, bool beyond) {
  const CellsView view = celled.cells.view();
  std::vector<Embedding> queries;
  for (std::size_t cell = 0; cell < view.cells.size(); ++cell) {
    const auto centre = view.centres.subspan(cell * view.width, view.width);
    std::vector<double> at(centre.begin(), centre.end());
    const std::size_t first = view.cells[cell].first_block * compute::kBlockItems;
    double most = 0;
    for (std::size_t slot = first; beyond && slot < first + view.range_of(cell, 0).count * 32; ++slot) {
      if (view.order[slot] == CellsView::kNoItem) continue;
      std::vector<double> x = celled.items[view.order[slot].index()].coordinates;
      x.push_back(celled.items[view.order[slot].index()].residual);
      double squares = 0;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const double step = x[k] - static_cast<double>(centre[k]);
        squares += step * step;
        x[k] += 2 * step;
      }
      if (squares > most) at = x;
      most = std::max(most, squares);
    }
    Embedding query{{at.begin(), at.end() - 1}, at.back(), 0, 0, 1};
    query.squared_norm = product(query, query);
    queries.push_back(std::move(query));
  }
  return queries;
}

TEST(Cells, ARadiusRoundedTheWrongWayIsCaught) {
  for (const bool far : {false, true}) {
    Celled celled(300, 40, 1, 20);
    celled.queries = tight_queries(celled, far);
    EXPECT_LE(celled.worst({}), 1e-12) << "far " << far;
    for (CellFields& fields : celled.cells.cells)
      far ? fields.far *= 1 - 1e-4 : fields.near = std::min(fields.far, fields.near * (1 + 1e-4));
    EXPECT_GT(celled.worst({}), 1e-5) << "far " << far;
  }
}

TEST(Cells, AnOverflowProvesNothing) {
  Celled celled(50, 4, 1, 10);
  celled.queries = random_embeddings(3, 4, 1e25, 9);
  const CellBounds bounds(celled.cells.view(), {});
  const std::vector<EmbeddedQuery> queries(celled.queries.begin(), celled.queries.end());
  const Matrix<float> all = bounds.of(queries, 1);
  for (std::size_t q = 0; q < queries.size(); ++q)
    EXPECT_EQ(all(q, 0), -std::numeric_limits<float>::infinity());
}

/// Prefilters over the same embeddings: what each returns against the oracle's bounds.
TEST(Cells, ThePrefilterReturnsEverythingThatMayLieUnderAThresholdWithAndWithoutAFilter) {
  const Celled celled(4000, 24, 0.3, 30);
  const auto backend = testing::test_backend(2);
  const compute::ScanCodes plain = encode(compute::CodeType::int8, celled.items, 1).value();
  const compute::ScanCodes codes = in_cell_order(plain.view(), celled.cells.view());
  for (const CellReading reading : {CellReading::bounded, CellReading::whole}) {
    const auto prefilter = cell_scan(celled.cells.view(), codes.view(), backend, 2, {}, reading).value();
    EXPECT_EQ(prefilter->name().ends_with("all cells"), reading == CellReading::whole);
    const auto oracle = exact_scan(celled.items);
    EXPECT_EQ(prefilter->count(), celled.items.size());
    std::mt19937_64 random(4);
    const testing::Filter filter(celled.items.size(), 0.3, random);
    for (const std::uint64_t* allowed : {static_cast<const std::uint64_t*>(nullptr), filter.bits.data()})
      for (const std::size_t batch : {1U, 40U}) {
        const PrefilterJob job{std::span(celled.queries).first(batch), allowed};
        Matrix<compute::ScanHit> best(batch, 30), true_best(batch, 30), found(batch, 4000), want(batch, 4000);
        std::vector<std::size_t> counts(batch), want_counts(batch);
        ASSERT_TRUE(oracle->smallest(job, true_best.view(), want_counts));
        ASSERT_TRUE(prefilter->smallest(job, best.view(), counts));
        std::vector<float> thresholds;
        for (std::size_t q = 0; q < batch; ++q) {
          ASSERT_EQ(counts[q], 30U);
          // Its bounds are lower, so its k-th best is not above the true one; and what it left out lies
          // higher.
          EXPECT_LE(best(q, 29).lower_bound, true_best(q, 29).lower_bound + 1e-6F);
          thresholds.push_back(best(q, 29).lower_bound);
        }
        ASSERT_TRUE(oracle->within(job, thresholds, want.view(), want_counts));
        ASSERT_TRUE(prefilter->within(job, thresholds, found.view(), counts));
        for (std::size_t q = 0; q < batch; ++q) {
          const auto has = [&](std::span<const compute::ScanHit> hits, std::uint64_t item) {
            return std::any_of(hits.begin(), hits.end(), [&](const auto& hit) { return hit.item == item; });
          };
          for (const compute::ScanHit& hit : want.row(q).first(want_counts[q]))
            EXPECT_TRUE(has(found.row(q).first(counts[q]), hit.item)) << "query " << q;
          for (const compute::ScanHit& hit : want.row(q).first(want_counts[q])) {
            const bool clear = hit.lower_bound < thresholds[q] - 1e-6F;
            EXPECT_TRUE(!clear || has(best.row(q).first(30), hit.item)) << "query " << q;
          }
          for (const compute::ScanHit& hit : found.row(q).first(counts[q]))
            EXPECT_TRUE(allowed == nullptr || (allowed[hit.item / 64] >> (hit.item % 64) & 1U) != 0);
        }
      }
  }
}

}  // namespace
}  // namespace learndock::engine
