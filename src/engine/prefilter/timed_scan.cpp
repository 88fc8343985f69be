#include "engine/prefilter/timed_scan.hpp"

#include <algorithm>

namespace learndock::engine {
namespace {

using compute::BlockRange;
using compute::ScanHit;
using compute::ScanJob;

/// Blocks of a batch, which take some tenths of a millisecond: little of a short budget. With a longer budget
/// a batch may be as much larger.
constexpr std::size_t kSliceBlocks = 2048, kDeviceSliceBlocks = 65'536;
constexpr std::chrono::milliseconds kShortBudget{5};
constexpr std::int64_t kMostTimes = 1'000'000;

bool late(const Deadline& deadline) { return std::chrono::steady_clock::now() >= *deadline; }

bool nearer(const ScanHit& a, const ScanHit& b) {
  return a.lower_bound != b.lower_bound ? a.lower_bound < b.lower_bound : a.item < b.item;
}

/// Merges more hits into row `kept`, which has `count` hits, and keeps the nearest, ascending. @return their
/// number
std::size_t merge(std::span<ScanHit> kept, std::size_t count, std::span<const ScanHit> more) {
  std::vector<ScanHit> both(count + more.size());
  std::merge(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(count), more.begin(), more.end(),
             both.begin(), nearer);
  both.resize(std::min(both.size(), kept.size()));
  std::copy(both.begin(), both.end(), kept.begin());
  return both.size();
}

}  // namespace

TimedScan::TimedScan(std::shared_ptr<const compute::Backend> backend,
                     std::shared_ptr<const compute::HeldCodes> codes, std::size_t slice_blocks)
    : backend_(std::move(backend)), codes_(std::move(codes)), slice_blocks_(slice_blocks) {}

std::size_t TimedScan::blocks_of_slice(const Deadline& deadline, std::size_t queries) const {
  std::size_t blocks = slice_blocks_;
  if (blocks == 0) {
    const auto left =
        std::max<Deadline::value_type::duration>(*deadline - std::chrono::steady_clock::now(), {});
    const auto times = std::clamp<std::int64_t>(left / kShortBudget, 1, kMostTimes);
    blocks = (backend_->on_device() ? kDeviceSliceBlocks : kSliceBlocks) * static_cast<std::size_t>(times);
  }
  return std::max<std::size_t>(1, blocks / ((queries + 3) / 4));
}

std::vector<BlockRange> TimedScan::ranges_of(const ScanJob& job) const {
  if (!job.ranges.empty()) return {job.ranges.begin(), job.ranges.end()};
  return {{0, static_cast<std::uint32_t>(codes().blocks()), -std::numeric_limits<float>::infinity()}};
}

template <class Scan>
Result<bool> TimedScan::in_slices(const ScanJob& job, const Deadline& deadline, const Scan& scan) const {
  const std::size_t most = blocks_of_slice(deadline, job.queries.size());
  std::vector<BlockRange> ranges = ranges_of(job), slice;
  bool any = false;
  for (std::size_t at = 0; at < ranges.size();) {
    if (any && late(deadline)) return false;
    slice.clear();
    for (std::size_t left = most; left > 0 && at < ranges.size();) {
      BlockRange& range = ranges[at];
      const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(left, range.count));
      if (taken > 0) slice.push_back({range.first, taken, range.lower_bound});
      left -= taken;
      range.first += taken;
      range.count -= taken;
      if (range.count == 0) ++at;
    }
    if (slice.empty()) continue;
    ScanJob part = job;
    part.ranges = slice;
    LEARNDOCK_CHECK(scan(part));
    any = true;
  }
  return true;
}

Result<bool> TimedScan::smallest(const ScanJob& job, const Deadline& deadline, MatrixView<ScanHit> out,
                                 std::span<std::size_t> counts) const {
  if (!deadline) {
    LEARNDOCK_CHECK(backend_->scan_smallest(*codes_, job, out, counts));
    return true;
  }
  std::fill(counts.begin(), counts.end(), 0);
  Matrix<ScanHit> found(out.rows(), out.cols());
  std::vector<std::size_t> found_counts(out.rows());
  return in_slices(job, deadline, [&](const ScanJob& part) -> Result<void> {
    LEARNDOCK_CHECK(backend_->scan_smallest(*codes_, part, found.view(), found_counts));
    for (std::size_t q = 0; q < out.rows(); ++q)
      counts[q] = merge(out.row(q), counts[q], std::as_const(found).row(q).first(found_counts[q]));
    return {};
  });
}

Result<bool> TimedScan::within(const ScanJob& job, const Deadline& deadline,
                               std::span<const float> thresholds, MatrixView<ScanHit> out,
                               std::span<std::size_t> counts) const {
  if (!deadline) {
    LEARNDOCK_CHECK(backend_->scan_within(*codes_, job, thresholds, out, counts));
    return true;
  }
  std::fill(counts.begin(), counts.end(), 0);
  Matrix<ScanHit> found(out.rows(), out.cols());
  std::vector<std::size_t> found_counts(out.rows());
  return in_slices(job, deadline, [&](const ScanJob& part) -> Result<void> {
    LEARNDOCK_CHECK(backend_->scan_within(*codes_, part, thresholds, found.view(), found_counts));
    for (std::size_t q = 0; q < out.rows(); ++q) {
      const std::size_t written = std::min(counts[q], out.cols()), room = out.cols() - written;
      const auto hits = std::as_const(found).row(q).first(std::min(found_counts[q], room));
      std::copy(hits.begin(), hits.end(), out.row(q).begin() + static_cast<std::ptrdiff_t>(written));
      counts[q] += found_counts[q];
    }
    return {};
  });
}

}  // namespace learndock::engine
