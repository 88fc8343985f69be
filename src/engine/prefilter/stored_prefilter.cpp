#include "engine/prefilter/stored_prefilter.hpp"

#include "engine/prefilter/cell_scan.hpp"
#include "engine/prefilter/code_scan.hpp"
#include "engine/prefilter/exact_scan.hpp"
#include "engine/prefilter/faiss_adapter.hpp"
#include "engine/prefilter/hnsw_adapter.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::engine {
namespace {

Failure damaged(const store::Segment& segment, std::string what) {
  return fail(ErrorCode::corrupt, std::move(what), segment.path().string(),
              "rebuild the index: learndock reindex");
}

/// The codes of `slots` slots, items and padding.
Result<compute::ScanCodesView> read_codes(const store::Segment& segment, const PartFields& fields,
                                          std::size_t slots) {
  compute::ScanCodesView codes{static_cast<compute::CodeType>(fields.code_type), nullptr, nullptr, slots,
                               fields.coordinates};
  LEARNDOCK_TRY(const auto bytes, segment.section(kCodeSection));
  LEARNDOCK_TRY(const auto factors, segment.values<float>(kFactorSection));
  if (bytes.size() != codes.blocks() * codes.block_bytes() ||
      factors.size() != codes.blocks() * compute::kFactors * compute::kBlockItems)
    return damaged(segment, "the codes and their factors do not fit the number of learnwares");
  codes.codes = bytes.data();
  codes.factors = factors.data();
  segment.advise(kCodeSection, store::Access::huge_pages);
  return codes;
}

bool cells_sound(const CellsView& cells, std::size_t items) {
  if (cells.order.size() % compute::kBlockItems != 0 ||
      cells.centres.size() != cells.cells.size() * cells.width ||
      cells.cells.empty() != cells.order.empty() || (!cells.cells.empty() && cells.cells[0].first_block != 0))
    return false;
  for (std::size_t cell = 0; cell < cells.cells.size(); ++cell) {
    const CellFields& fields = cells.cells[cell];
    const std::uint64_t end =
        cell + 1 < cells.cells.size() ? cells.cells[cell + 1].first_block : cells.blocks();
    if (!(fields.near >= 0 && fields.near <= fields.far) || !std::isfinite(fields.far) ||
        !std::isfinite(fields.excess) || fields.first_block > end || end > cells.blocks())
      return false;
  }
  // Every item has one slot.
  std::vector<bool> seen(items);
  std::size_t found = 0;
  for (const PartItem item : cells.order) {
    if (item == CellsView::kNoItem) continue;
    if (item.index() >= items || seen[item.index()]) return false;
    seen[item.index()] = true;
    ++found;
  }
  return found == items;
}

Result<StoredPrefilters> open_cells(const store::Segment& segment, const PartFields& fields,
                                    const std::shared_ptr<const compute::Backend>& backend,
                                    unsigned threads) {
  CellsView cells{fields.coordinates + 1, {}, {}, {}};
  LEARNDOCK_TRY(cells.centres, segment.values<float>(kCellCentreSection));
  LEARNDOCK_TRY(cells.cells, segment.values<CellFields>(kCellSection));
  LEARNDOCK_TRY(cells.order, segment.values<PartItem>(kCellOrderSection));
  if (!cells_sound(cells, fields.items)) return damaged(segment, "the cells do not hold each learnware once");
  LEARNDOCK_TRY(const compute::ScanCodesView codes, read_codes(segment, fields, cells.order.size()));
  for (std::size_t slot = 0; slot < cells.order.size(); ++slot)
    if (codes.is_padding(slot) != (cells.order[slot] == CellsView::kNoItem))
      return damaged(segment, "the codes are not in the order of the cells");
  StoredPrefilters made;
  LEARNDOCK_TRY(made.distances, cell_scan(cells, codes, backend, threads));
  made.alignment = std::make_unique<InnerProductPrefilter>(codes, backend, cells, threads);
  return made;
}

Result<EmbeddedRows> read_rows(const store::Segment& segment, const PartFields& fields) {
  EmbeddedRows rows(fields.coordinates);
  LEARNDOCK_TRY(const auto values, segment.values<float>(kRowSection));
  LEARNDOCK_TRY(const auto errors, segment.values<float>(kRowErrorSection));
  LEARNDOCK_TRY(const auto excesses, segment.values<double>(kRowExcessSection));
  if (errors.size() != fields.items || excesses.size() != fields.items ||
      values.size() != fields.items * rows.width())
    return damaged(segment, "the stored coordinates do not fit the number of learnwares");
  for (std::size_t i = 0; i < fields.items; ++i)
    rows.add(values.subspan(i * rows.width(), rows.width()), errors[i], excesses[i]);
  return rows;
}

}  // namespace

Result<StoredPrefilters> open_prefilters(const store::Segment& segment, const PartFields& fields,
                                         const std::shared_ptr<const compute::Backend>& backend,
                                         unsigned threads, const EmbedAll& embed_all) {
  const auto kind = static_cast<PrefilterKind>(fields.prefilter);
  if (kind == PrefilterKind::cells) return open_cells(segment, fields, backend, threads);
  StoredPrefilters made;
  LEARNDOCK_TRY(const compute::ScanCodesView codes, read_codes(segment, fields, fields.items));
  made.alignment = std::make_unique<InnerProductPrefilter>(codes, backend);
  if (kind == PrefilterKind::code_scan) {
    LEARNDOCK_TRY(made.distances, code_scan(codes, backend));
  } else if (kind == PrefilterKind::exact_scan) {
    LEARNDOCK_TRY(std::vector<Embedding> embedded, embed_all());
    made.distances = exact_scan(std::move(embedded));
  } else {
    LEARNDOCK_TRY(const EmbeddedRows rows, read_rows(segment, fields));
    LEARNDOCK_TRY(made.distances,
                  kind == PrefilterKind::hnsw ? hnsw_graph(rows, threads) : faiss_flat(rows, threads));
  }
  return made;
}

}  // namespace learndock::engine
