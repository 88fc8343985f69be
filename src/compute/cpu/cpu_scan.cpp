#include "compute/cpu/cpu_scan.hpp"

#include "base/parallel.hpp"
#include "compute/cpu/scan_kernels.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>

namespace learndock::compute {
namespace {

/// Blocks of one task: enough that starting it costs nothing, few enough for threads to share evenly.
constexpr std::size_t kTaskBlocks = 256;
/// Hits beyond k that are gathered before the worst of them are dropped.
constexpr std::size_t kLeastSpare = 64;

struct HitOrder {
  bool operator()(const ScanHit& a, const ScanHit& b) const {
    return a.lower_bound != b.lower_bound ? a.lower_bound < b.lower_bound : a.item < b.item;
  }
};

bool is_allowed(const ScanJob& job, std::uint64_t item) {
  return job.allowed == nullptr || (job.allowed[item / 64] >> (item % 64) & 1U) != 0;
}

/// What a job reads, in pieces of at most kTaskBlocks, ascending in their bound.
std::vector<BlockRange> pieces_of(const ScanCodesView& codes, const ScanJob& job) {
  const BlockRange everything{0, static_cast<std::uint32_t>(codes.blocks()),
                              -std::numeric_limits<float>::infinity()};
  std::vector<BlockRange> pieces;
  for (BlockRange range : job.ranges.empty() ? std::span(&everything, 1) : job.ranges)
    while (range.count > 0) {
      const std::uint32_t taken = std::min<std::uint32_t>(range.count, kTaskBlocks);
      pieces.push_back({range.first, taken, range.lower_bound});
      range.first += taken;
      range.count -= taken;
    }
  return pieces;
}

/// Calls visit(query, item, bound) for the items of a piece whose bound is at most limits[query], in item
/// order for each query. `visit` may lower the limit.
template <class Visit>
void visit_piece(const ScanCodesView& codes, const ScanJob& job, const ScanQueries& queries,
                 const BlockRange& piece, const std::vector<float>& limits, ScanScratch& scratch,
                 const Visit& visit) {
  const std::size_t last = std::size_t{piece.first} + piece.count, bytes = codes.block_bytes();
  for (std::size_t b = piece.first; b < last; ++b) {
    block_lower_bounds({codes.codes + b * bytes, codes.factors + b * kFactors * kBlockItems}, queries,
                       limits.data(), scratch);
    for (std::size_t q = 0; q < queries.count; ++q) {
      if (!(piece.lower_bound <= limits[q])) continue;
      for (std::uint32_t left = scratch.within[q]; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        const std::uint64_t item = b * kBlockItems + i;
        if (item < codes.count && is_allowed(job, item))
          visit(q, item, std::max(piece.lower_bound, scratch.bounds[q * kBlockItems + i]));
      }
    }
  }
}

/// The k best hits so far, and some more: sorting out now and then costs less than keeping order.
struct Best {
  std::vector<ScanHit> hits;

  /// True when the worst hits were dropped: the limit may have sunk.
  bool add(const ScanHit& hit, std::size_t k) {
    hits.push_back(hit);
    if (hits.size() < k + std::max(k, kLeastSpare)) return false;
    keep(k);
    return true;
  }
  void keep(std::size_t k) {
    if (hits.size() <= k) return;
    std::nth_element(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(k - 1), hits.end(), HitOrder());
    hits.resize(k);
  }
  /// After keep(k) with at least k hits: no item with a larger bound is among the best k.
  [[nodiscard]] float limit(std::size_t k) const { return hits[k - 1].lower_bound; }
};

/// The least limit that any worker has found, per query. Workers may read an old one: a limit only says what
/// can be left out, so the hits do not depend on which thread saw which.
class SharedLimits {
 public:
  explicit SharedLimits(std::size_t count) : limits_(count) {
    for (auto& limit : limits_)
      limit.store(std::numeric_limits<float>::infinity(), std::memory_order_relaxed);
  }
  void lower(std::size_t q, float limit) {
    float known = limits_[q].load(std::memory_order_relaxed);
    while (limit < known && !limits_[q].compare_exchange_weak(known, limit, std::memory_order_relaxed)) {
    }
  }
  void read(std::vector<float>& limits) const {
    for (std::size_t q = 0; q < limits.size(); ++q)
      limits[q] = std::min(limits[q], limits_[q].load(std::memory_order_relaxed));
  }

 private:
  std::vector<std::atomic<float>> limits_;
};

/// Takes pieces until none is left that may hold more; `best` are its hits.
void find_smallest(const ScanCodesView& codes, const ScanJob& job, const ScanQueries& queries, std::size_t k,
                   std::span<const BlockRange> pieces, std::atomic<std::size_t>& next, SharedLimits& shared,
                   std::vector<Best>& best) {
  ScanScratch scratch(queries);
  std::vector<float> limits(queries.count, std::numeric_limits<float>::infinity());
  const auto lower = [&](std::size_t q) {
    limits[q] = std::min(limits[q], best[q].limit(k));
    shared.lower(q, limits[q]);
  };
  for (std::size_t at = next.fetch_add(1); at < pieces.size(); at = next.fetch_add(1)) {
    shared.read(limits);
    // Bounds ascend: what follows lies higher still.
    if (pieces[at].lower_bound > *std::max_element(limits.begin(), limits.end())) return;
    visit_piece(codes, job, queries, pieces[at], limits, scratch,
                [&](std::size_t q, std::uint64_t item, float bound) {
                  if (best[q].add({item, bound}, k)) lower(q);
                });
    // With ranges an early limit saves reading; without, it only sorts once more.
    for (std::size_t q = 0; q < queries.count && !job.ranges.empty(); ++q) {
      if (best[q].hits.size() <= k) continue;
      best[q].keep(k);
      lower(q);
    }
  }
}

/// Neighbouring pieces of about kTaskBlocks together: where each task begins, and the end.
std::vector<std::size_t> task_starts(std::span<const BlockRange> pieces) {
  std::vector<std::size_t> starts;
  std::size_t blocks = kTaskBlocks;
  for (std::size_t at = 0; at < pieces.size(); ++at) {
    if (blocks >= kTaskBlocks) {
      starts.push_back(at);
      blocks = 0;
    }
    blocks += pieces[at].count;
  }
  starts.push_back(pieces.size());
  return starts;
}

}  // namespace

void cpu_scan_smallest(const ScanCodesView& codes, const ScanJob& job, MatrixView<ScanHit> out,
                       std::span<std::size_t> counts, unsigned threads) {
  const std::size_t k = out.cols();
  std::fill(counts.begin(), counts.end(), 0);
  if (k == 0 || job.queries.empty()) return;
  const ScanQueries queries =
      prepare_queries(codes.type, codes.padded_dimension(), job.queries, job.query_bytes);
  const std::vector<BlockRange> pieces = pieces_of(codes, job);
  const std::size_t workers = std::min<std::size_t>(std::max(threads, 1U), pieces.size());
  std::vector<std::vector<Best>> found(workers, std::vector<Best>(queries.count));
  std::atomic<std::size_t> next{0};
  SharedLimits shared(queries.count);
  run_tasks(workers, threads, [&](std::size_t worker) {
    find_smallest(codes, job, queries, k, pieces, next, shared, found[worker]);
  });
  run_tasks(queries.count, threads, [&](std::size_t q) {
    Best best;
    for (const auto& worker : found)
      best.hits.insert(best.hits.end(), worker[q].hits.begin(), worker[q].hits.end());
    best.keep(k);
    std::sort(best.hits.begin(), best.hits.end(), HitOrder());
    std::copy(best.hits.begin(), best.hits.end(), out.row(q).begin());
    counts[q] = best.hits.size();
  });
}

void cpu_scan_within(const ScanCodesView& codes, const ScanJob& job, std::span<const float> thresholds,
                     MatrixView<ScanHit> out, std::span<std::size_t> counts, unsigned threads) {
  const std::vector<BlockRange> pieces = pieces_of(codes, job);
  const std::vector<std::size_t> starts = task_starts(pieces);
  const std::size_t tasks = starts.size() - 1, capacity = out.cols();
  const ScanQueries queries =
      prepare_queries(codes.type, codes.padded_dimension(), job.queries, job.query_bytes);
  std::vector<std::vector<std::vector<ScanHit>>> found(tasks,
                                                       std::vector<std::vector<ScanHit>>(queries.count));
  std::vector<std::vector<std::size_t>> numbers(tasks, std::vector<std::size_t>(queries.count, 0));
  const std::vector<float> limits(thresholds.begin(), thresholds.end());
  run_tasks(tasks, threads, [&](std::size_t task) {
    ScanScratch scratch(queries);
    for (std::size_t at = starts[task]; at < starts[task + 1]; ++at)
      visit_piece(codes, job, queries, pieces[at], limits, scratch,
                  [&](std::size_t q, std::uint64_t item, float bound) {
                    if (numbers[task][q]++ < capacity) found[task][q].push_back({item, bound});
                  });
  });
  for (std::size_t q = 0; q < queries.count; ++q) {
    std::size_t written = 0;
    counts[q] = 0;
    for (std::size_t task = 0; task < tasks; ++task) {
      counts[q] += numbers[task][q];
      for (const ScanHit& hit : found[task][q])
        if (written < capacity) out(q, written++) = hit;
    }
  }
}

}  // namespace learndock::compute
