#include "engine/prefilter/cell_scan.hpp"

#include "base/parallel.hpp"
#include "engine/prefilter/timed_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace learndock::engine {
namespace {

using compute::BlockRange;
using compute::kBlockItems;
using compute::ScanHit;

/// Shares of all blocks above which reading all in a row is faster than reading cells: for one query alone,
/// and for one of many that share a scan.
constexpr double kPlainShare = 0.5, kPlainShareOfBatch = 0.25;
/// From this number of queries on, a shared scan rounds them to one byte a coordinate.
constexpr std::size_t kBatch = 8;
/// Queries whose bounds of all cells are in memory at once.
constexpr std::size_t kBoundedAtOnce = 64;

/// The usual number of candidates under the k-th best distance of a market where cells help. More would only
/// make more cells necessary.
constexpr std::size_t kMostExtra = 22;

/// Which slots may be returned: the filter of items in the order of the cells, filled in block by block.
class SlotFilter {
 public:
  SlotFilter(const CellsView& cells, const std::uint64_t* allowed)
      : cells_(cells), allowed_(allowed), words_(allowed == nullptr ? 0 : (cells.order.size() + 63) / 64) {}

  /// Fills in the filter for some blocks.
  void open(const BlockRange& range) {
    if (allowed_ == nullptr) return;
    for_items(range, [&](CodeSlot slot, std::uint64_t bit) {
      words_[slot.index() / 64] |= bit << (slot.index() % 64);
    });
  }
  /// The number of items of some blocks that may be returned.
  [[nodiscard]] std::size_t count(const BlockRange& range) const {
    std::size_t count = 0;
    for_items(range, [&](CodeSlot, std::uint64_t bit) { count += bit; });
    return count;
  }
  void open_all() { open({0, static_cast<std::uint32_t>(cells_.blocks()), 0}); }
  [[nodiscard]] const std::uint64_t* bits() const { return allowed_ == nullptr ? nullptr : words_.data(); }

 private:
  /// Calls use(slot, allowed); allowed is 1 if the item there may be returned, else 0.
  template <class Use>
  void for_items(const BlockRange& range, const Use& use) const {
    const std::size_t last = (std::size_t{range.first} + range.count) * kBlockItems;
    for (auto slot = CodeSlot::at(range.first * kBlockItems); slot.index() < last; ++slot) {
      const PartItem item = cells_.order[slot.index()];
      if (item == CellsView::kNoItem) continue;
      use(slot, allowed_ == nullptr ? 1 : allowed_[item.index() / 64] >> (item.index() % 64) & 1U);
    }
  }

  const CellsView& cells_;
  const std::uint64_t* allowed_;
  std::vector<std::uint64_t> words_;
};

/// A min-heap's order.
bool later(const BlockRange& a, const BlockRange& b) {
  return a.lower_bound != b.lower_bound ? a.lower_bound > b.lower_bound : a.first > b.first;
}

class CellScan final : public Prefilter {
 public:
  CellScan(const CellsView& cells, std::optional<double> level, CellReading reading, unsigned threads,
           TimedScan scan)
      : cells_(cells),
        reading_(reading),
        threads_(threads),
        bounds_(cells, level),
        scan_(std::move(scan)),
        count_(cells.order.size() - static_cast<std::size_t>(std::count(
                                        cells.order.begin(), cells.order.end(), CellsView::kNoItem))) {}

  std::string name() const override {
    if (reading_ == CellReading::whole)
      return fmt::format("scan of {} codes on {}, all cells", compute::code_type_name(scan_.codes().type),
                         scan_.backend().name());
    return fmt::format("scan of {} codes on {}, by {} cells", compute::code_type_name(scan_.codes().type),
                       scan_.backend().name(), cells_.cells.size());
  }
  std::size_t count() const override { return count_; }
  std::size_t most_extra() const override { return kMostExtra; }

  Result<bool> smallest(const PrefilterJob& job, MatrixView<ScanHit> out,
                        std::span<std::size_t> counts) const override {
    LEARNDOCK_TRY(Outcomes outcomes, by_cells(job, [&](std::size_t q, std::span<const float> bounds) {
                    return smallest_of_cells(job, q, bounds, out.block(q, 1), counts[q]);
                  }));
    LEARNDOCK_CHECK(scan_plainly(
        job, outcomes, out, counts,
        [&](const compute::ScanJob& scan, MatrixView<ScanHit> found, std::span<std::size_t> found_counts) {
          return scan_.smallest(scan, job.deadline, found, found_counts);
        }));
    items_of_slots(out, counts);
    return outcomes.complete;
  }

  Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds, MatrixView<ScanHit> out,
                      std::span<std::size_t> counts) const override {
    LEARNDOCK_TRY(Outcomes outcomes, by_cells(job, [&](std::size_t q, std::span<const float> bounds) {
                    return within_cells(job, q, bounds, thresholds.subspan(q, 1), out.block(q, 1), counts[q]);
                  }));
    std::vector<float> plain_thresholds;
    for (const std::size_t q : outcomes.plain) plain_thresholds.push_back(thresholds[q]);
    LEARNDOCK_CHECK(scan_plainly(
        job, outcomes, out, counts,
        [&](const compute::ScanJob& scan, MatrixView<ScanHit> found, std::span<std::size_t> found_counts) {
          return scan_.within(scan, job.deadline, plain_thresholds, found, found_counts);
        }));
    items_of_slots(out, counts);
    return outcomes.complete;
  }

 private:
  enum class Outcome : std::uint8_t { plain, late, answered };
  struct Outcomes {
    std::vector<std::size_t> plain = {};  // queries for which all codes are better read in a row
    bool complete = true;
  };

  /// Answers each query by use(query, bounds of all cells), many side by side. All queries are plain if
  /// everything is read.
  template <class Use>
  Result<Outcomes> by_cells(const PrefilterJob& job, const Use& use) const {
    const std::span<const Embedding> queries = job.queries;
    std::vector<Result<Outcome>> done(queries.size(), Outcome::plain);
    for (std::size_t first = 0; first < queries.size() && reading_ == CellReading::bounded;
         first += kBoundedAtOnce) {
      const auto some = queries.subspan(first, std::min(kBoundedAtOnce, queries.size() - first));
      const std::vector<EmbeddedQuery> embedded(some.begin(), some.end());
      const Matrix<float> bounds = bounds_.of(embedded, threads_);
      run_tasks(some.size(), threads_,
                [&](std::size_t i) { done[first + i] = use(first + i, bounds.row(i)); });
    }
    Outcomes outcomes;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      LEARNDOCK_TRY(const Outcome outcome, std::move(done[q]));
      if (outcome == Outcome::plain) outcomes.plain.push_back(q);
      outcomes.complete = outcomes.complete && outcome != Outcome::late;
    }
    return outcomes;
  }
  /// Cells that may hold a bound of at most `limit`, ascending.
  std::vector<BlockRange> ranges_up_to(std::span<const float> bounds, float limit) const {
    std::vector<BlockRange> ranges;
    for (std::size_t cell = 0; cell < bounds.size(); ++cell)
      if (bounds[cell] <= limit) ranges.push_back(cells_.range_of(cell, bounds[cell]));
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return later(b, a); });
    return ranges;
  }
  bool is_plain(std::span<const BlockRange> ranges, std::size_t queries) const {
    std::size_t blocks = 0;
    for (const BlockRange& range : ranges) blocks += range.count;
    return static_cast<double>(blocks) >
           (queries < kBatch ? kPlainShare : kPlainShareOfBatch) * static_cast<double>(cells_.blocks());
  }

  Result<Outcome> smallest_of_cells(const PrefilterJob& job, std::size_t q, std::span<const float> bounds,
                                    MatrixView<ScanHit> out, std::size_t& count) const {
    count = 0;
    if (out.cols() == 0) return Outcome::answered;
    SlotFilter filter(cells_, job.allowed);
    std::vector<BlockRange> nearest = nearest_cells(bounds, out.cols(), filter);
    const compute::EmbeddingView view = job.queries[q].view();
    LEARNDOCK_CHECK(scan_.smallest({{&view, 1}, filter.bits(), 2, nearest}, {}, out, {&count, 1}));
    // A row that is not full sets no limit to what else to read.
    const float limit =
        count < out.cols() ? std::numeric_limits<float>::infinity() : out(0, out.cols() - 1).lower_bound;
    // The ranges include the cells that were already read: a few blocks.
    const std::vector<BlockRange> ranges = ranges_up_to(bounds, limit);
    if (ranges.size() <= nearest.size()) return Outcome::answered;
    if (is_plain(ranges, job.queries.size())) return Outcome::plain;
    for (const BlockRange& range : ranges) filter.open(range);
    LEARNDOCK_TRY(const bool complete,
                  scan_.smallest({{&view, 1}, filter.bits(), 2, ranges}, job.deadline, out, {&count, 1}));
    return complete ? Outcome::answered : Outcome::late;
  }

  Result<Outcome> within_cells(const PrefilterJob& job, std::size_t q, std::span<const float> bounds,
                               std::span<const float> threshold, MatrixView<ScanHit> out,
                               std::size_t& count) const {
    count = 0;
    const std::vector<BlockRange> ranges = ranges_up_to(bounds, threshold[0]);
    if (is_plain(ranges, job.queries.size())) return Outcome::plain;
    if (ranges.empty()) return Outcome::answered;
    SlotFilter filter(cells_, job.allowed);
    for (const BlockRange& range : ranges) filter.open(range);
    const compute::EmbeddingView view = job.queries[q].view();
    LEARNDOCK_TRY(const bool complete, scan_.within({{&view, 1}, filter.bits(), 2, ranges}, job.deadline,
                                                    threshold, out, {&count, 1}));
    return complete ? Outcome::answered : Outcome::late;
  }

  /// The cells of least bound that together have `wanted` items that may be returned, ascending.
  std::vector<BlockRange> nearest_cells(std::span<const float> bounds, std::size_t wanted,
                                        SlotFilter& filter) const {
    std::vector<BlockRange> heap, nearest;
    heap.reserve(bounds.size());
    for (std::size_t cell = 0; cell < bounds.size(); ++cell)
      heap.push_back(cells_.range_of(cell, bounds[cell]));
    std::make_heap(heap.begin(), heap.end(), later);
    for (std::size_t items = 0; items < std::max<std::size_t>(wanted, 1) && !heap.empty();) {
      std::pop_heap(heap.begin(), heap.end(), later);
      nearest.push_back(heap.back());
      heap.pop_back();
      filter.open(nearest.back());
      items += filter.count(nearest.back());
    }
    return nearest;
  }

  /// Scans all codes once for the plain queries.
  template <class Scan>
  Result<void> scan_plainly(const PrefilterJob& job, Outcomes& outcomes, MatrixView<ScanHit> out,
                            std::span<std::size_t> counts, const Scan& scan) const {
    const std::vector<std::size_t>& chosen = outcomes.plain;
    if (chosen.empty()) return {};
    SlotFilter filter(cells_, job.allowed);
    filter.open_all();
    std::vector<compute::EmbeddingView> views;
    for (const std::size_t q : chosen) views.push_back(job.queries[q].view());
    Matrix<ScanHit> found(chosen.size(), out.cols());
    std::vector<std::size_t> found_counts(chosen.size());
    LEARNDOCK_TRY(const bool complete,
                  scan({views, filter.bits(), views.size() < kBatch ? 2U : 1U}, found.view(), found_counts));
    outcomes.complete = outcomes.complete && complete;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      counts[chosen[i]] = found_counts[i];
      std::copy_n(found.row(i).begin(), std::min(found_counts[i], out.cols()), out.row(chosen[i]).begin());
    }
    return {};
  }

  void items_of_slots(MatrixView<ScanHit> out, std::span<const std::size_t> counts) const {
    for (std::size_t q = 0; q < counts.size(); ++q)
      for (ScanHit& hit : out.row(q).first(std::min(counts[q], out.cols())))
        hit.item = cells_.item_at(CodeSlot(hit.item)).value();
  }

  CellsView cells_;
  CellReading reading_;
  unsigned threads_;
  CellBounds bounds_;
  TimedScan scan_;
  std::size_t count_;
};

}  // namespace

CellReading cell_reading(const compute::Backend& backend) {
  return backend.on_device() ? CellReading::whole : CellReading::bounded;
}

Result<std::unique_ptr<Prefilter>> cell_scan(const CellsView& cells, const compute::ScanCodesView& codes,
                                             std::shared_ptr<const compute::Backend> backend,
                                             unsigned threads, std::optional<double> level,
                                             std::optional<CellReading> reading) {
  LEARNDOCK_TRY(std::shared_ptr<const compute::HeldCodes> held, backend->hold(codes));
  const CellReading read = reading.value_or(cell_reading(*backend));
  return std::make_unique<CellScan>(cells, level, read, threads,
                                    TimedScan(std::move(backend), std::move(held)));
}

}  // namespace learndock::engine
