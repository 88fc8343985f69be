#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"
#include "learndock/numeric/matrix.hpp"

#include "engine/prefilter/part_item.hpp"
#include "engine/space/embedded_rows.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// The fields of a cell, whose items are vectors x = (coordinates, residual). Stored (SEGMENT.md).
struct CellFields {
  double near = 0, far = 0;  ///< least and largest distance of an item from the centre, rounding included
  double excess = 0;         ///< at most squared_norm - |x|^2 of every item
  std::uint64_t first_block = 0;
};
static_assert(sizeof(CellFields) == 32);

/// Items ordered by cell: a cell's codes are stored together and begin a block. Non-owning.
struct CellsView {
  std::size_t width = 0;  ///< length of a centre: coordinates + 1
  std::span<const float> centres;
  std::span<const CellFields> cells;
  /// The item coded in each slot; kNoItem where padding fills a cell's last block.
  std::span<const PartItem> order;

  static constexpr PartItem kNoItem{~std::uint32_t{0}};
  [[nodiscard]] std::size_t blocks() const { return order.size() / compute::kBlockItems; }
  /// The item coded in a slot that a scan returned. For padding it is the first item. A scan returns padding
  /// only if the file is lost meanwhile, and then no answer is given.
  [[nodiscard]] PartItem item_at(CodeSlot slot) const {
    const PartItem item = order[slot.index()];
    return item == kNoItem ? PartItem() : item;
  }
  [[nodiscard]] compute::BlockRange range_of(std::size_t cell, float lower_bound) const {
    // Limited again: the fields become zeros if the file is lost meanwhile (see Segment::intact).
    const std::uint64_t first = cells[cell].first_block,
                        end = cell + 1 < cells.size() ? cells[cell + 1].first_block : blocks();
    return {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(end < first ? 0 : end - first),
            lower_bound};
  }
};

struct Cells {
  std::size_t width = 0;
  std::vector<float> centres;
  std::vector<CellFields> cells;
  std::vector<PartItem> order;

  [[nodiscard]] CellsView view() const { return {width, centres, cells, order}; }
};

/// Trains cells and puts every row into the one with the nearest centre.
/// @errors internal (the clustering failed)
[[nodiscard]] Result<Cells> make_cells(const EmbeddedRows& rows, std::size_t items_per_cell,
                                       unsigned threads);

/// Puts codes from the order of the items into the order of the cells.
[[nodiscard]] compute::ScanCodes in_cell_order(const compute::ScanCodesView& codes, const CellsView& cells);

/// Lower bounds for whole cells, by the triangle inequality (docs/proofs.md, B4) or, for inner products, by
/// Cauchy-Schwarz (B5).
class CellBounds {
 public:
  /// @param level the number that the alignment prefilter takes for every item's squared norm; none: bounds
  /// of distances
  CellBounds(const CellsView& cells, std::optional<double> level);
  /// Bounds, queries x cells, each at most the bound of every item of the cell.
  [[nodiscard]] Matrix<float> of(std::span<const EmbeddedQuery> queries, unsigned threads) const;

 private:
  /// @param sum sum of the centre's and the query's products or squared differences, in fp32
  [[nodiscard]] float bound(std::size_t cell, const EmbeddedQuery& query, double sum) const;

  CellsView cells_;
  std::optional<double> level_;
  std::vector<double> centre_lengths_;
};

}  // namespace learndock::engine
