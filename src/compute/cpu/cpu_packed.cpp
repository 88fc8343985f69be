#include "compute/cpu/cpu_packed.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "compute/cpu/packed_kernels.hpp"

#include <algorithm>
#include <numeric>

namespace learndock::compute {
namespace {

/// Rows of one task: half a megabyte of points stays in the L2 cache while all queries pass over it.
constexpr std::size_t kTaskFloats = std::size_t{1} << 17;
constexpr std::size_t kFewestTaskRows = 256;

/// Consecutive sets [first, last) of one task.
struct SetRange {
  std::size_t first, last;
};

std::vector<SetRange> task_ranges(const PackedSetsView& sets) {
  const std::size_t rows = std::max(kFewestTaskRows, kTaskFloats / std::max<std::size_t>(1, sets.dimension));
  std::vector<SetRange> ranges;
  for (std::size_t first = 0; first < sets.count;) {
    std::size_t last = first + 1;
    while (last < sets.count && sets.starts[last + 1] - sets.starts[first] <= rows) ++last;
    ranges.push_back({first, last});
    first = last;
  }
  return ranges;
}

/// The blocks that hold rows [first, last).
struct BlockRange {
  std::size_t first_block, count;
  RowBlocks blocks;
};

BlockRange blocks_of_rows(const PackedSetsView& sets, std::size_t first, std::size_t last) {
  const std::size_t begin = first / kBlockRows, end = (last + kBlockRows - 1) / kBlockRows;
  return {begin,
          end - begin,
          {sets.points + begin * sets.dimension * kBlockRows, sets.squared_norms + begin * kBlockRows,
           end - begin}};
}

/// sum over the rows of set i of its weights times `sums`, which begin at row `origin`.
double weighted_sum(const PackedSetsView& sets, std::size_t i, const double* sums, std::size_t origin) {
  double total = 0;
  for (std::size_t row = sets.starts[i]; row < sets.starts[i + 1]; ++row)
    total += static_cast<double>(sets.weights[row]) * sums[row - origin];
  return total;
}

QueryPanel panel_of(const ReducedSetView& query, const PackedSetsView& sets) {
  const std::size_t d = sets.dimension;
  std::vector<float> rows(query.count * d), weights(query.count);
  for (std::size_t i = 0; i < query.count; ++i) {
    for (std::size_t k = 0; k < d; ++k)
      rows[i * d + k] = static_cast<float>(query.points[i * d + k] - sets.centre[k]);
    weights[i] = static_cast<float>(query.weights[i]);
  }
  QueryPanel panel;
  fill_panel(rows.data(), weights.data(), query.count, d, sets.kernel.gamma, panel);
  return panel;
}

std::vector<QueryPanel> panels_of(std::span<const ReducedSetView> queries, const PackedSetsView& sets) {
  std::vector<QueryPanel> panels;
  panels.reserve(queries.size());
  for (const ReducedSetView& query : queries) panels.push_back(panel_of(query, sets));
  return panels;
}

/// Row sums of the blocks around rows [first, last), in `sums`; returns the row that sums[0] belongs to.
std::size_t sum_rows(const PackedSetsView& sets, std::size_t first, std::size_t last, const QueryPanel& panel,
                     std::vector<double>& sums) {
  const BlockRange range = blocks_of_rows(sets, first, last);
  sums.resize(range.count * kBlockRows);
  fused_row_sums(range.blocks, panel, sets.kernel, sums.data());
  return range.first_block * kBlockRows;
}

}  // namespace

void cpu_cross_terms(const PackedSetsView& sets, std::span<const ReducedSetView> queries,
                     MatrixView<double> out, unsigned threads) {
  const std::vector<QueryPanel> panels = panels_of(queries, sets);
  const std::vector<SetRange> ranges = task_ranges(sets);
  run_tasks(ranges.size(), threads, [&](std::size_t task) {
    thread_local std::vector<double> sums;
    const SetRange range = ranges[task];
    for (std::size_t q = 0; q < panels.size(); ++q) {
      const std::size_t origin =
          sum_rows(sets, sets.starts[range.first], sets.starts[range.last], panels[q], sums);
      for (std::size_t i = range.first; i < range.last; ++i)
        out(q, i) = weighted_sum(sets, i, sums.data(), origin);
    }
  });
}

}  // namespace learndock::compute
