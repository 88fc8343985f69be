#pragma once

#include "learndock/base/result.hpp"
#include "learndock/compute/scan_codes.hpp"

#include "engine/prefilter/prefilter.hpp"
#include "engine/space/embedded_rows.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace learndock::engine {

/// What a cell says about its members, vectors x = (coordinates, residual). Stored (SEGMENT.md).
struct CellFields {
  double near = 0, far = 0;  ///< all members' distances from the centre lie between, rounding included
  double excess = 0;         ///< at most squared_norm - |x|^2 of every member
  std::uint64_t first_block = 0;
};
static_assert(sizeof(CellFields) == 32);

/// Items ordered by cell: a cell's codes lie together and begin a block. Non-owning.
struct CellsView {
  std::size_t width = 0;  ///< of centres: coordinates + 1
  std::span<const float> centres;
  std::span<const CellFields> cells;
  /// The item coded at each place; kNoItem where padding fills a cell's last block.
  std::span<const std::uint32_t> order;

  static constexpr std::uint32_t kNoItem = ~std::uint32_t{0};
  [[nodiscard]] std::size_t blocks() const { return order.size() / compute::kBlockItems; }
  /// The item coded at a place that a scan returned. Padding is none; the first item stands for it, which
  /// only a file that is lost meanwhile needs: no answer of it is given.
  [[nodiscard]] std::uint32_t item_at(std::size_t place) const {
    const std::uint32_t item = order[place];
    return item == kNoItem ? 0 : item;
  }
  [[nodiscard]] compute::BlockRange range_of(std::size_t cell, float lower_bound) const {
    // Bounded again: the fields are zeros when the file is lost meanwhile (see Segment::intact).
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
  std::vector<std::uint32_t> order;

  [[nodiscard]] CellsView view() const { return {width, centres, cells, order}; }
};

/// Trains cells and puts every row into the one with the nearest centre.
/// @errors internal (the clustering failed)
[[nodiscard]] Result<Cells> make_cells(const EmbeddedRows& rows, std::size_t items_per_cell,
                                       unsigned threads);

/// Codes of items in their own order, put into the cells'.
[[nodiscard]] compute::ScanCodes in_cell_order(const compute::ScanCodesView& codes, const CellsView& cells);

/// Lower bounds for whole cells, by the triangle inequality (B4) or, of inner products, by Cauchy-Schwarz.
class CellBounds {
 public:
  /// @param level  of the alignment prefilter: what stands for every item's squared norm. None: distances.
  CellBounds(const CellsView& cells, std::optional<double> level);
  /// queries x cells: at most the bound of every member.
  [[nodiscard]] Matrix<float> of(std::span<const EmbeddedQuery> queries, unsigned threads) const;

 private:
  /// @param sum  of the centre's and the query's products or squared differences, in fp32
  [[nodiscard]] float bound(std::size_t cell, const EmbeddedQuery& query, double sum) const;

  CellsView cells_;
  std::optional<double> level_;
  std::vector<double> centre_lengths_;
};

/// How codes in cells are read: the cells that may hold an answer, or all in a row.
enum class CellReading : std::uint8_t { bounded, whole };
/// A device reads all codes in less time than the CPU takes to compare a query with the cells.
[[nodiscard]] CellReading cell_reading(const compute::Backend& backend);

/// Code scan that reads cells in ascending order of their bound and stops with proof, where that is what the
/// hardware is better at. `cells` and `codes` must outlive it.
/// @param threads  that compare queries with cells; the backend has its own
/// @errors device_memory
[[nodiscard]] Result<std::unique_ptr<Prefilter>> cell_scan(const CellsView& cells,
                                                           const compute::ScanCodesView& codes,
                                                           std::shared_ptr<const compute::Backend> backend,
                                                           unsigned threads, std::optional<double> level = {},
                                                           std::optional<CellReading> reading = {});

}  // namespace learndock::engine
