#include "compute/cpu_scan.hpp"

#include "compute/parallel.hpp"
#include "compute/scan_kernels.hpp"

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

std::size_t task_count(const ScanCodesView& codes) {
  return (codes.blocks() + kTaskBlocks - 1) / kTaskBlocks;
}

/// Calls visit(query, item, bound) for the items of one task whose bound is at most limits[query], in item
/// order for each query. `visit` may lower the limit.
template <class Visit>
void visit_task(const ScanCodesView& codes, const ScanJob& job, const ScanQueries& queries, std::size_t task,
                const std::vector<float>& limits, ScanScratch& scratch, const Visit& visit) {
  const std::size_t last = std::min(codes.blocks(), (task + 1) * kTaskBlocks), bytes = codes.block_bytes();
  for (std::size_t b = task * kTaskBlocks; b < last; ++b) {
    block_lower_bounds({codes.codes + b * bytes, codes.factors + b * kFactors * kBlockItems}, queries,
                       limits.data(), scratch);
    for (std::size_t q = 0; q < queries.count; ++q)
      for (std::uint32_t left = scratch.within[q]; left != 0; left &= left - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(left));
        const std::uint64_t item = b * kBlockItems + i;
        if (item < codes.count && is_allowed(job, item)) visit(q, item, scratch.bounds[q * kBlockItems + i]);
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
/// can be left out, so the hits are the same whoever saw which.
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

/// Takes tasks until none is left; `best` are its hits.
void find_smallest(const ScanCodesView& codes, const ScanJob& job, const ScanQueries& queries, std::size_t k,
                   std::atomic<std::size_t>& next_task, SharedLimits& shared, std::vector<Best>& best) {
  ScanScratch scratch(queries);
  std::vector<float> limits(queries.count, std::numeric_limits<float>::infinity());
  const std::size_t tasks = task_count(codes);
  for (std::size_t task = next_task.fetch_add(1); task < tasks; task = next_task.fetch_add(1)) {
    shared.read(limits);
    visit_task(codes, job, queries, task, limits, scratch,
               [&](std::size_t q, std::uint64_t item, float bound) {
                 if (!best[q].add({item, bound}, k)) return;
                 limits[q] = std::min(limits[q], best[q].limit(k));
                 shared.lower(q, limits[q]);
               });
  }
}

}  // namespace

void cpu_scan_smallest(const ScanCodesView& codes, const ScanJob& job, MatrixView<ScanHit> out,
                       std::span<std::size_t> counts, unsigned threads) {
  const std::size_t k = out.cols();
  std::fill(counts.begin(), counts.end(), 0);
  if (k == 0) return;
  const ScanQueries queries =
      prepare_queries(codes.type, codes.padded_dimension(), job.queries, job.query_bytes);
  const std::size_t workers = std::min<std::size_t>(std::max(threads, 1U), task_count(codes));
  std::vector<std::vector<Best>> found(workers, std::vector<Best>(queries.count));
  std::atomic<std::size_t> next_task{0};
  SharedLimits shared(queries.count);
  run_tasks(workers, threads, [&](std::size_t worker) {
    find_smallest(codes, job, queries, k, next_task, shared, found[worker]);
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
  const std::size_t tasks = task_count(codes), capacity = out.cols();
  const ScanQueries queries =
      prepare_queries(codes.type, codes.padded_dimension(), job.queries, job.query_bytes);
  std::vector<std::vector<std::vector<ScanHit>>> found(tasks,
                                                       std::vector<std::vector<ScanHit>>(queries.count));
  std::vector<std::vector<std::size_t>> numbers(tasks, std::vector<std::size_t>(queries.count, 0));
  const std::vector<float> limits(thresholds.begin(), thresholds.end());
  run_tasks(tasks, threads, [&](std::size_t task) {
    ScanScratch scratch(queries);
    visit_task(codes, job, queries, task, limits, scratch,
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
