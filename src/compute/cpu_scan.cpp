#include "compute/cpu_scan.hpp"

#include "compute/parallel.hpp"
#include "compute/scan_kernels.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace learndock::compute {
namespace {

/// Blocks of one task: enough that its own best hits cost little, few enough for threads to share evenly.
constexpr std::size_t kTaskBlocks = 2048;

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
                const std::vector<float>& limits, const Visit& visit) {
  ScanScratch scratch(queries);
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

/// The k best hits so far as a heap whose top is the worst of them.
struct Best {
  std::vector<ScanHit> heap;

  void add(const ScanHit& hit, std::size_t k) {
    if (heap.size() == k) {
      if (!HitOrder()(hit, heap.front())) return;
      std::pop_heap(heap.begin(), heap.end(), HitOrder());
      heap.back() = hit;
    } else {
      heap.push_back(hit);
    }
    std::push_heap(heap.begin(), heap.end(), HitOrder());
  }
  [[nodiscard]] float limit(std::size_t k) const {
    return heap.size() < k ? std::numeric_limits<float>::infinity() : heap.front().lower_bound;
  }
};

}  // namespace

void cpu_scan_smallest(const ScanCodesView& codes, const ScanJob& job, MatrixView<ScanHit> out,
                       std::span<std::size_t> counts, unsigned threads) {
  const std::size_t k = out.cols(), tasks = task_count(codes);
  std::fill(counts.begin(), counts.end(), 0);
  if (k == 0) return;
  const ScanQueries queries =
      prepare_queries(codes.type, codes.padded_dimension(), job.queries, job.query_bytes);
  std::vector<std::vector<Best>> found(tasks, std::vector<Best>(queries.count));
  run_tasks(tasks, threads, [&](std::size_t task) {
    std::vector<Best>& best = found[task];
    std::vector<float> limits(queries.count, std::numeric_limits<float>::infinity());
    visit_task(codes, job, queries, task, limits, [&](std::size_t q, std::uint64_t item, float bound) {
      best[q].add({item, bound}, k);
      limits[q] = best[q].limit(k);
    });
  });
  for (std::size_t q = 0; q < queries.count; ++q) {
    Best best;
    for (const auto& task : found)
      for (const ScanHit& hit : task[q].heap) best.add(hit, k);
    std::sort(best.heap.begin(), best.heap.end(), HitOrder());
    std::copy(best.heap.begin(), best.heap.end(), out.row(q).begin());
    counts[q] = best.heap.size();
  }
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
    visit_task(codes, job, queries, task, limits, [&](std::size_t q, std::uint64_t item, float bound) {
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
