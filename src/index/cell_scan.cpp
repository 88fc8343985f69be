#include "index/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace learndock::index {
namespace {

using compute::BlockRange;
using compute::kBlockItems;
using compute::ScanHit;

/// Shares of all blocks above which reading all in a row is faster than reading cells: of one query, and of
/// one among many that share a scan.
constexpr double kPlainShare = 0.5, kPlainShareOfBatch = 0.02;
/// From so many queries on a shared scan rounds them to one byte a coordinate.
constexpr std::size_t kBatch = 8;

/// What usually lies under the k-th best distance of a market where cells help. The bound of a candidate that
/// is not needed would only keep more cells in play.
constexpr std::size_t kMostExtra = 22;

/// Which places may be returned: a filter of items seen through the cells' order, as far as it was asked for.
class PlaceFilter {
 public:
  PlaceFilter(const CellsView& cells, const std::uint64_t* allowed)
      : cells_(cells), allowed_(allowed), words_(allowed == nullptr ? 0 : (cells.order.size() + 63) / 64) {}

  /// Fills in some blocks; the number of items that may be returned from them.
  std::size_t open(const BlockRange& range) {
    std::size_t count = 0;
    const std::size_t last = (std::size_t{range.first} + range.count) * kBlockItems;
    for (std::size_t place = range.first * kBlockItems; place < last; ++place) {
      const std::uint32_t item = cells_.order[place];
      if (item == CellsView::kNoItem) continue;
      const std::uint64_t bit = allowed_ == nullptr ? 1 : allowed_[item / 64] >> (item % 64) & 1U;
      count += bit;
      if (allowed_ != nullptr) words_[place / 64] |= bit << (place % 64);
    }
    return count;
  }
  void open_all() {
    if (allowed_ != nullptr) open({0, static_cast<std::uint32_t>(cells_.blocks()), 0});
  }
  [[nodiscard]] const std::uint64_t* bits() const { return allowed_ == nullptr ? nullptr : words_.data(); }

 private:
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
  CellScan(const CellsView& cells, std::optional<double> level,
           std::shared_ptr<const compute::Backend> backend, std::shared_ptr<const compute::HeldCodes> codes)
      : cells_(cells),
        bounds_(cells, level),
        backend_(std::move(backend)),
        codes_(std::move(codes)),
        count_(cells.order.size() - static_cast<std::size_t>(std::count(
                                        cells.order.begin(), cells.order.end(), CellsView::kNoItem))) {}

  std::string name() const override {
    return fmt::format("scan of {} codes on {}, by {} cells", compute::code_type_name(codes_->view().type),
                       backend_->name(), cells_.cells.size());
  }
  std::size_t count() const override { return count_; }
  std::size_t most_extra() const override { return kMostExtra; }

  Result<void> smallest(const PrefilterJob& job, MatrixView<ScanHit> out,
                        std::span<std::size_t> counts) const override {
    std::vector<std::size_t> plain;
    PlaceFilter filter(cells_, job.allowed);
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      LEARNDOCK_TRY(const bool done, smallest_of_cells(job.queries[q], filter, job.queries.size(),
                                                       out.block(q, 1), counts[q]));
      if (!done) plain.push_back(q);
    }
    LEARNDOCK_CHECK(scan_plainly(
        job, plain, filter, out, counts,
        [&](const compute::ScanJob& scan, MatrixView<ScanHit> found, std::span<std::size_t> found_counts) {
          return backend_->scan_smallest(*codes_, scan, found, found_counts);
        }));
    items_of_places(out, counts);
    return {};
  }

  Result<void> within(const PrefilterJob& job, std::span<const float> thresholds, MatrixView<ScanHit> out,
                      std::span<std::size_t> counts) const override {
    std::vector<std::size_t> plain;
    std::vector<float> plain_thresholds;
    PlaceFilter filter(cells_, job.allowed);
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      const std::vector<BlockRange> ranges = up_to(all_ranges(EmbeddedQuery(job.queries[q])), thresholds[q]);
      counts[q] = 0;
      if (is_plain(ranges, job.queries.size())) {
        plain.push_back(q);
        plain_thresholds.push_back(thresholds[q]);
      } else if (!ranges.empty()) {
        for (const BlockRange& range : ranges) filter.open(range);
        const compute::EmbeddingView view = job.queries[q].view();
        LEARNDOCK_CHECK(backend_->scan_within(*codes_, {{&view, 1}, filter.bits(), 2, ranges},
                                              thresholds.subspan(q, 1), out.block(q, 1),
                                              counts.subspan(q, 1)));
      }
    }
    LEARNDOCK_CHECK(scan_plainly(
        job, plain, filter, out, counts,
        [&](const compute::ScanJob& scan, MatrixView<ScanHit> found, std::span<std::size_t> found_counts) {
          return backend_->scan_within(*codes_, scan, plain_thresholds, found, found_counts);
        }));
    items_of_places(out, counts);
    return {};
  }

 private:
  /// All cells, the least bound first as in a heap.
  std::vector<BlockRange> all_ranges(const EmbeddedQuery& query) const {
    std::vector<BlockRange> ranges;
    ranges.reserve(cells_.cells.size());
    for (std::size_t cell = 0; cell < cells_.cells.size(); ++cell)
      ranges.push_back({static_cast<std::uint32_t>(cells_.cells[cell].first_block),
                        static_cast<std::uint32_t>(cells_.blocks_of(cell)), bounds_.of(cell, query)});
    return ranges;
  }
  /// Those that may hold a bound of at most `limit`, ascending.
  static std::vector<BlockRange> up_to(std::vector<BlockRange> ranges, float limit) {
    std::erase_if(ranges, [&](const BlockRange& range) { return !(range.lower_bound <= limit); });
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return later(b, a); });
    return ranges;
  }
  bool is_plain(std::span<const BlockRange> ranges, std::size_t queries) const {
    std::size_t blocks = 0;
    for (const BlockRange& range : ranges) blocks += range.count;
    return static_cast<double>(blocks) >
           (queries < kBatch ? kPlainShare : kPlainShareOfBatch) * static_cast<double>(cells_.blocks());
  }

  /// False: too much is left to read for cells to help, and nothing was written.
  Result<bool> smallest_of_cells(const Embedding& query, PlaceFilter& filter, std::size_t queries,
                                 MatrixView<ScanHit> out, std::size_t& count) const {
    count = 0;
    if (out.cols() == 0) return true;
    std::vector<BlockRange> ranges = all_ranges(EmbeddedQuery(query));
    std::vector<BlockRange> nearest = take_nearest(ranges, out.cols(), filter);
    const compute::EmbeddingView view = query.view();
    LEARNDOCK_CHECK(
        backend_->scan_smallest(*codes_, {{&view, 1}, filter.bits(), 2, nearest}, out, {&count, 1}));
    // A row that is not full says nothing about what else to read.
    const float limit =
        count < out.cols() ? std::numeric_limits<float>::infinity() : out(0, out.cols() - 1).lower_bound;
    ranges = up_to(std::move(ranges), limit);
    if (ranges.empty()) return true;
    if (is_plain(ranges, queries)) return false;
    for (const BlockRange& range : ranges) filter.open(range);
    // What was looked at once is looked at again: some blocks.
    nearest.insert(nearest.end(), ranges.begin(), ranges.end());
    LEARNDOCK_CHECK(
        backend_->scan_smallest(*codes_, {{&view, 1}, filter.bits(), 2, nearest}, out, {&count, 1}));
    return true;
  }

  /// Takes the cells of least bound out of `ranges` until they hold `wanted` items that may be returned.
  std::vector<BlockRange> take_nearest(std::vector<BlockRange>& ranges, std::size_t wanted,
                                       PlaceFilter& filter) const {
    std::vector<BlockRange> nearest;
    std::make_heap(ranges.begin(), ranges.end(), later);
    for (std::size_t items = 0; items < std::max<std::size_t>(wanted, 1) && !ranges.empty();) {
      std::pop_heap(ranges.begin(), ranges.end(), later);
      nearest.push_back(ranges.back());
      ranges.pop_back();
      items += filter.open(nearest.back());
    }
    return nearest;
  }

  /// One scan of everything for the chosen queries.
  template <class Scan>
  Result<void> scan_plainly(const PrefilterJob& job, std::span<const std::size_t> chosen, PlaceFilter& filter,
                            MatrixView<ScanHit> out, std::span<std::size_t> counts, const Scan& scan) const {
    if (chosen.empty()) return {};
    filter.open_all();
    std::vector<compute::EmbeddingView> views;
    for (const std::size_t q : chosen) views.push_back(job.queries[q].view());
    Matrix<ScanHit> found(chosen.size(), out.cols());
    std::vector<std::size_t> found_counts(chosen.size());
    LEARNDOCK_CHECK(
        scan({views, filter.bits(), views.size() < kBatch ? 2U : 1U}, found.view(), found_counts));
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      counts[chosen[i]] = found_counts[i];
      std::copy_n(found.row(i).begin(), std::min(found_counts[i], out.cols()), out.row(chosen[i]).begin());
    }
    return {};
  }

  void items_of_places(MatrixView<ScanHit> out, std::span<const std::size_t> counts) const {
    for (std::size_t q = 0; q < counts.size(); ++q)
      for (ScanHit& hit : out.row(q).first(std::min(counts[q], out.cols())))
        hit.item = cells_.order[hit.item];
  }

  CellsView cells_;
  CellBounds bounds_;
  std::shared_ptr<const compute::Backend> backend_;
  std::shared_ptr<const compute::HeldCodes> codes_;
  std::size_t count_;
};

}  // namespace

Result<std::unique_ptr<Prefilter>> cell_scan(const CellsView& cells, const compute::ScanCodesView& codes,
                                             std::shared_ptr<const compute::Backend> backend,
                                             std::optional<double> level) {
  LEARNDOCK_TRY(std::shared_ptr<const compute::HeldCodes> held, backend->hold(codes));
  return std::make_unique<CellScan>(cells, level, std::move(backend), std::move(held));
}

}  // namespace learndock::index
