#include "engine/prefilter/cells.hpp"

#include "base/parallel.hpp"
#include "compute/row_kernels.hpp"
#include "engine/prefilter/faiss_adapter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace learndock::engine {
namespace {

constexpr double kSingle = static_cast<double>(std::numeric_limits<float>::epsilon()) / 2;
constexpr double kDouble = std::numeric_limits<double>::epsilon();

double distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double difference = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

/// Distances and excess of a cell's items, with all rounding added outwards.
CellFields fields_of(const EmbeddedRows& rows, std::span<const float> centre,
                     std::span<const PartItem> members, std::uint64_t first_block) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double slip = static_cast<double>(rows.width() + 16) * kDouble;
  CellFields fields{kInfinity, 0, kInfinity, first_block};
  for (const PartItem item : members) {
    const std::size_t i = item.index();
    const double found = distance(rows.row(i), centre), error = rows.error(i) + slip * found;
    fields.near = std::min(fields.near, std::max(0.0, found - error));
    fields.far = std::max(fields.far, found + error);
    fields.excess = std::min(fields.excess, rows.excess(i));
  }
  return fields;
}

/// The items of each label, ascending.
std::vector<std::vector<PartItem>> members_of(std::span<const std::uint32_t> labels, std::size_t cells) {
  std::vector<std::vector<PartItem>> members(cells);
  for (std::size_t i = 0; i < labels.size(); ++i) members[labels[i]].push_back(PartItem::at(i));
  return members;
}

float rounded_down(double bound) {
  return std::nextafter(static_cast<float>(bound), -std::numeric_limits<float>::infinity());
}

}  // namespace

Result<Cells> make_cells(const EmbeddedRows& rows, std::size_t items_per_cell, unsigned threads) {
  Cells made;
  made.width = rows.width();
  if (rows.size() == 0) return made;
  const std::size_t wanted = std::max<std::size_t>(1, rows.size() / items_per_cell);
  LEARNDOCK_TRY(const TrainedCells trained, train_cells(rows, wanted, threads));
  const auto members = members_of(trained.labels, trained.centres.rows());
  std::vector<std::size_t> filled;  // labels that have items: the cells
  std::vector<std::uint64_t> first_blocks;
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (members[c].empty()) continue;
    const auto centre = trained.centres.row(c);
    filled.push_back(c);
    first_blocks.push_back(made.order.size() / compute::kBlockItems);
    made.centres.insert(made.centres.end(), centre.begin(), centre.end());
    made.order.insert(made.order.end(), members[c].begin(), members[c].end());
    made.order.resize(
        (made.order.size() + compute::kBlockItems - 1) / compute::kBlockItems * compute::kBlockItems,
        CellsView::kNoItem);
  }
  made.cells.resize(filled.size());
  run_tasks(filled.size(), threads, [&](std::size_t cell) {
    const std::size_t label = filled[cell];
    made.cells[cell] = fields_of(rows, trained.centres.row(label), members[label], first_blocks[cell]);
  });
  return made;
}

compute::ScanCodes in_cell_order(const compute::ScanCodesView& codes, const CellsView& cells) {
  compute::ScanCodes ordered(codes.type, codes.dimension);
  for (const PartItem item : cells.order) {
    if (item == CellsView::kNoItem)
      ordered.close_block();
    else
      ordered.add_coded(codes, item.index());
  }
  return ordered;
}

CellBounds::CellBounds(const CellsView& cells, std::optional<double> level) : cells_(cells), level_(level) {
  const std::vector<float> zero(cells.width);
  for (std::size_t cell = 0; cell < cells.cells.size(); ++cell)
    centre_lengths_.push_back(distance(cells.centres.subspan(cell * cells.width, cells.width), zero) *
                              (1 + static_cast<double>(cells.width + 16) * kDouble));
}

Matrix<float> CellBounds::of(std::span<const EmbeddedQuery> queries, unsigned threads) const {
  Matrix<float> rows(queries.size(), cells_.width), bounds(queries.size(), cells_.cells.size());
  for (std::size_t q = 0; q < queries.size(); ++q)
    std::copy(queries[q].row.begin(), queries[q].row.end(), rows.row(q).begin());
  compute::row_sums(level_ ? compute::RowSum::products : compute::RowSum::squared_differences,
                    std::as_const(rows).view(), {cells_.centres.data(), bounds.cols(), cells_.width},
                    bounds.view(), threads);
  run_tasks(queries.size(), threads, [&](std::size_t q) {
    for (std::size_t cell = 0; cell < bounds.cols(); ++cell)
      bounds(q, cell) = bound(cell, queries[q], static_cast<double>(bounds(q, cell)));
  });
  return bounds;
}

float CellBounds::bound(std::size_t cell, const EmbeddedQuery& query, double sum) const {
  const CellFields& fields = cells_.cells[cell];
  // In an fp32 sum each term is rounded at most width + 2 times.
  const double share = static_cast<double>(cells_.width + 8) * kSingle;
  double bound = 0;
  if (level_) {
    const double most = sum + (share * query.length + query.error) * centre_lengths_[cell] +
                        fields.far * query.length + 1e-30;
    bound = *level_ + query.squared_norm - 2 * most;
    bound -= 8 * kDouble * (std::abs(*level_) + query.squared_norm + 2 * std::abs(most));
  } else {
    const double found = std::sqrt(sum);
    const double error = share * found + query.error + 1e-18;
    const double gap = std::max({0.0, found - error - fields.far, fields.near - found - error});
    bound = gap * gap + fields.excess + query.excess;
    bound -= 8 * kDouble * (gap * gap + std::abs(fields.excess) + std::abs(query.excess));
  }
  // An overflow proves nothing.
  return std::isfinite(bound) ? rounded_down(bound) : -std::numeric_limits<float>::infinity();
}

}  // namespace learndock::engine
