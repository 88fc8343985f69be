#include "scan_operations.hpp"

#include "recorded_graphs.hpp"
#include "scan_queries.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace learndock::cuda {
namespace {

using compute::ScanHit;

/// Query groups of one launch; more share the device no better and only need more workspace.
constexpr std::size_t kMostGroups = 256;
/// Blocks on each processor that keep its memory busy. Chosen without a device at hand; other numbers were
/// not tried.
constexpr unsigned kBlocksEach = 4;

ScanHit hit_of(std::uint64_t key) {
  const std::uint32_t bits = from_ordered_bits(static_cast<std::uint32_t>(key >> 32));
  float bound = 0;
  std::memcpy(&bound, &bits, sizeof bound);
  return {key & 0xffffffffU, bound};
}

Result<const std::uint64_t*> upload_allowed(LaneLease& lease, const CudaHeldCodes& codes,
                                            const compute::ScanJob& job) {
  if (job.allowed == nullptr) return nullptr;
  return lease.upload(std::span<const std::uint64_t>(job.allowed, (codes.view().count + 63) / 64));
}

/// ScanSmallest::least of a job's ranges.
Result<const float*> upload_ranges(LaneLease& lease, const CudaHeldCodes& codes, const compute::ScanJob& job,
                                   std::vector<float>& least) {
  if (job.ranges.empty()) return nullptr;
  least.assign(codes.view().blocks(), std::numeric_limits<float>::infinity());
  for (const compute::BlockRange& range : job.ranges)
    std::fill_n(least.begin() + range.first, range.count, range.lower_bound);
  return lease.upload(std::span<const float>(least));
}

Failure no_room() {
  return fail(ErrorCode::device_memory, "the device workspace is too small for a scan with one query", {},
              "raise LEARNDOCK_CUDA_WORKSPACE_MIB or use the CPU backend");
}

/// Where the host keeps a batch's queries and results: vectors, or page-locked memory for a recorded graph.
struct HostSide {
  const std::uint32_t* words;
  const ScanTerms* terms;
  std::uint64_t* keys;
  std::uint32_t* sizes;
};

/// One batch of a smallest-bound scan.
struct SmallestBatch {
  const CudaHeldCodes* codes;
  const HostQueries* queries;
  const std::uint64_t* allowed;
  const float* least;
  std::uint32_t k, blocks;

  [[nodiscard]] std::size_t words() const { return queries->words.size(); }
  [[nodiscard]] std::size_t count() const { return queries->padded_count(); }
  /// Device bytes, with the borders of the six pieces.
  [[nodiscard]] std::size_t bytes() const {
    return words() * 4 + count() * (sizeof(ScanTerms) + 8 + std::size_t{k} * 8) +
           count() * blocks * (std::size_t{k} * 8 + 4) + 7 * 256;
  }
  /// Page-locked bytes of a recorded graph.
  [[nodiscard]] std::size_t host_bytes() const {
    return words() * 4 + count() * (sizeof(ScanTerms) + 4 + std::size_t{k} * 8) + 64;
  }
};

Result<void> enqueue_smallest(LaneLease& lease, const SmallestBatch& batch, const HostSide& host) {
  const std::size_t queries = batch.count(), lists = queries * batch.blocks;
  LEARNDOCK_TRY(const auto* words, lease.upload(std::span(host.words, batch.words())));
  LEARNDOCK_TRY(const auto* terms, lease.upload(std::span(host.terms, queries)));
  LEARNDOCK_TRY(auto* const limits, lease.arena().take<std::uint32_t>(queries));
  LEARNDOCK_TRY(auto* const keys, lease.arena().take<std::uint64_t>(lists * batch.k));
  LEARNDOCK_TRY(auto* const sizes, lease.arena().take<std::uint32_t>(lists));
  LEARNDOCK_TRY(auto* const merged, lease.arena().take<std::uint64_t>(queries * batch.k));
  LEARNDOCK_TRY(auto* const merged_sizes, lease.arena().take<std::uint32_t>(queries));
  LEARNDOCK_CHECK(
      lease.context().check(cudaMemsetAsync(limits, 0xff, queries * sizeof(std::uint32_t), lease.stream()),
                            "clearing device memory"));
  const ScanSmallest scan{batch.codes->device(),
                          batch.queries->on_device(words, terms),
                          batch.allowed,
                          batch.least,
                          batch.k,
                          batch.blocks,
                          limits,
                          keys,
                          sizes};
  LEARNDOCK_CHECK(lease.launched(launch_scan_smallest(scan, lease.stream())));
  const MergeSmallest merge{keys,   sizes,       static_cast<std::uint32_t>(queries), batch.blocks, batch.k,
                            merged, merged_sizes};
  LEARNDOCK_CHECK(lease.launched(launch_merge_smallest(merge, lease.stream())));
  LEARNDOCK_CHECK(lease.download(merged, std::span(host.keys, queries * batch.k)));
  return lease.download(merged_sizes, std::span(host.sizes, queries));
}

/// The small-query path: everything at addresses that do not change, so the whole sequence is one graph.
Result<void> run_recorded_smallest(LaneLease& lease, const SmallestBatch& batch,
                                   std::vector<std::uint64_t>& keys, std::vector<std::uint32_t>& sizes) {
  std::byte* at = lease.lane().pinned;
  auto* const pinned_keys = reinterpret_cast<std::uint64_t*>(at);
  at += keys.size() * sizeof(std::uint64_t);
  auto* const pinned_sizes = reinterpret_cast<std::uint32_t*>(at);
  at += sizes.size() * sizeof(std::uint32_t);
  auto* const words = reinterpret_cast<std::uint32_t*>(at);
  at += batch.words() * sizeof(std::uint32_t);
  auto* const terms = reinterpret_cast<ScanTerms*>(at);
  std::copy(batch.queries->words.begin(), batch.queries->words.end(), words);
  std::copy(batch.queries->terms.begin(), batch.queries->terms.end(), terms);
  const std::vector<std::uint64_t> key = {batch.codes->id(),      batch.k,
                                          batch.blocks,           batch.queries->bytes,
                                          batch.queries->at_once, batch.queries->groups};
  LEARNDOCK_CHECK(run_recorded(lease, key, [&] {
    return enqueue_smallest(lease, batch, {words, terms, pinned_keys, pinned_sizes});
  }));
  LEARNDOCK_CHECK(lease.wait());
  std::copy_n(pinned_keys, keys.size(), keys.begin());
  std::copy_n(pinned_sizes, sizes.size(), sizes.begin());
  return {};
}

/// Blocks per query group: few groups spread over the device, many fill it by themselves.
std::uint32_t blocks_for(const Context& context, const CudaHeldCodes& codes, std::size_t groups) {
  const std::uint64_t steps = (codes.view().count + kItemsPerStep - 1) / kItemsPerStep;
  const std::uint64_t wanted = std::max<std::uint64_t>(1, kBlocksEach * context.processors() / groups);
  return static_cast<std::uint32_t>(std::min(steps, wanted));
}

/// Fits the batch into the workspace by fewer blocks, then by fewer queries; 0 queries when nothing helps.
std::size_t smallest_batch(const Context& context, const CudaHeldCodes& codes, std::size_t queries,
                           std::size_t room, std::uint32_t at_once, SmallestBatch& batch, HostQueries& host,
                           const compute::ScanJob& job, std::size_t first) {
  for (std::size_t count = queries; count > 0; count /= 2) {
    host = host_queries(codes.view(), job.queries.subspan(first, count), job.query_bytes, at_once);
    batch.queries = &host;
    for (batch.blocks = blocks_for(context, codes, host.groups); batch.blocks > 0; batch.blocks /= 2)
      if (batch.bytes() <= room) return count;
  }
  return 0;
}

/// Scans for queries [first, first + returned) and writes their rows.
Result<std::size_t> smallest_of_batch(const Context& context, const CudaHeldCodes& codes,
                                      const compute::ScanJob& job, std::size_t first, std::uint32_t k,
                                      MatrixView<ScanHit> out, std::span<std::size_t> counts) {
  const std::size_t left = job.queries.size() - first;
  const std::uint32_t at_once = left > 1 && k <= kMostSmallestTogether ? 4 : 1;
  HostQueries host;
  std::vector<std::uint64_t> keys;
  std::vector<std::uint32_t> sizes;
  std::vector<float> least;
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  SmallestBatch batch{&codes, &host, nullptr, nullptr, k, 0};
  LEARNDOCK_TRY(batch.allowed, upload_allowed(lease, codes, job));
  LEARNDOCK_TRY(batch.least, upload_ranges(lease, codes, job, least));
  const std::size_t count = smallest_batch(context, codes, std::min(left, kMostGroups * at_once),
                                           lease.arena().left(), at_once, batch, host, job, first);
  if (count == 0) return no_room();
  keys.resize(batch.count() * k);
  sizes.resize(batch.count());
  const bool small = host.groups == 1 && batch.allowed == nullptr && batch.least == nullptr &&
                     batch.host_bytes() <= Context::kPinnedBytes;
  if (small) {
    LEARNDOCK_CHECK(run_recorded_smallest(lease, batch, keys, sizes));
  } else {
    LEARNDOCK_CHECK(
        enqueue_smallest(lease, batch, {host.words.data(), host.terms.data(), keys.data(), sizes.data()}));
    LEARNDOCK_CHECK(lease.wait());
  }
  for (std::size_t q = 0; q < count; ++q) {
    counts[first + q] = sizes[q];
    for (std::size_t i = 0; i < sizes[q]; ++i) out(first + q, i) = hit_of(keys[q * k + i]);
  }
  return count;
}

/// Chunks of one pass of scan_within, and what it found.
struct WithinPass {
  const CudaHeldCodes* codes;
  const HostQueries* queries;
  DeviceQueries device_queries;
  const std::uint64_t* allowed;
  const float *least, *thresholds;
  std::uint64_t first_chunk, chunks, capacity;
  std::vector<std::uint64_t> totals, keys;  ///< keys: capacity a query, of which totals (or fewer) are there
};

Result<void> run_within(LaneLease& lease, WithinPass& pass) {
  const std::size_t queries = pass.queries->padded_count(), slabs = queries * pass.chunks;
  ScanWithin job{pass.codes->device(), pass.device_queries, pass.allowed, pass.least,
                 pass.thresholds,      pass.first_chunk,    pass.chunks,  pass.capacity};
  LEARNDOCK_TRY(job.found, lease.arena().take<std::uint64_t>(slabs * kItemsPerChunk));
  LEARNDOCK_TRY(job.counts, lease.arena().take<std::uint32_t>(slabs));
  LEARNDOCK_TRY(job.offsets, lease.arena().take<std::uint64_t>(slabs));
  LEARNDOCK_TRY(job.out, lease.arena().take<std::uint64_t>(queries * pass.capacity));
  LEARNDOCK_TRY(job.totals, lease.arena().take<std::uint64_t>(queries));
  LEARNDOCK_CHECK(lease.launched(launch_scan_within(job, lease.stream())));
  pass.totals.resize(queries);
  LEARNDOCK_CHECK(lease.download<std::uint64_t>(job.totals, pass.totals));
  LEARNDOCK_CHECK(lease.wait());
  // Only now is it known how much there is to copy.
  pass.keys.resize(queries * pass.capacity);
  for (std::size_t q = 0; q < queries; ++q) {
    const std::size_t found = std::min(pass.totals[q], pass.capacity);
    LEARNDOCK_CHECK(
        lease.download(job.out + q * pass.capacity, std::span(pass.keys).subspan(q * pass.capacity, found)));
  }
  return lease.wait();
}

/// Calls visit(query, total of a pass, its keys) for all chunks in order; queries [first, first + returned).
template <class Visit>
Result<std::size_t> within_of_batch(const Context& context, const CudaHeldCodes& codes,
                                    const compute::ScanJob& job, std::span<const float> thresholds,
                                    std::size_t first, std::size_t capacity, const Visit& visit) {
  const std::size_t count = std::min<std::size_t>(job.queries.size() - first, 64);
  const HostQueries host =
      host_queries(codes.view(), job.queries.subspan(first, count), job.query_bytes, count > 1 ? 4 : 1);
  // Queries that fill up a group let nothing through.
  std::vector<float> limits(host.padded_count(), -std::numeric_limits<float>::infinity());
  std::copy_n(thresholds.begin() + static_cast<std::ptrdiff_t>(first), count, limits.begin());
  std::vector<float> least;
  WithinPass pass{};
  LEARNDOCK_TRY(LaneLease lease, LaneLease::take(context));
  pass.codes = &codes;
  pass.queries = &host;
  LEARNDOCK_TRY(pass.allowed, upload_allowed(lease, codes, job));
  LEARNDOCK_TRY(pass.least, upload_ranges(lease, codes, job, least));
  LEARNDOCK_TRY(const auto* words, lease.upload(std::span<const std::uint32_t>(host.words)));
  LEARNDOCK_TRY(const auto* terms, lease.upload(std::span<const ScanTerms>(host.terms)));
  LEARNDOCK_TRY(pass.thresholds, lease.upload(std::span<const float>(limits)));
  pass.device_queries = host.on_device(words, terms);
  const std::size_t mark = lease.arena().mark(),
                    room = lease.arena().left() - std::min<std::size_t>(lease.arena().left(), 5 * 256);
  const std::uint64_t each = host.padded_count() * (2 * kItemsPerChunk * sizeof(std::uint64_t) + 12 + 8);
  const std::uint64_t most = room / each, chunks = (codes.view().count + kItemsPerChunk - 1) / kItemsPerChunk;
  if (most == 0) return std::size_t{0};
  for (std::uint64_t chunk = 0; chunk < chunks; chunk += most) {
    lease.arena().rewind(mark);
    pass.first_chunk = chunk;
    pass.chunks = std::min(most, chunks - chunk);
    pass.capacity = std::min<std::uint64_t>(capacity, pass.chunks * kItemsPerChunk);
    LEARNDOCK_CHECK(run_within(lease, pass));
    for (std::size_t q = 0; q < count; ++q)
      visit(first + q, pass.totals[q],
            std::span<const std::uint64_t>(pass.keys).subspan(q * pass.capacity,
                                                              std::min(pass.totals[q], pass.capacity)));
  }
  return count;
}

/// within_of_batch for all queries, one at a time where a batch does not fit.
template <class Visit>
Result<void> within_of_all(const Context& context, const CudaHeldCodes& codes, const compute::ScanJob& job,
                           std::span<const float> thresholds, std::size_t capacity, const Visit& visit) {
  for (std::size_t first = 0; first < job.queries.size();) {
    LEARNDOCK_TRY(std::size_t done, within_of_batch(context, codes, job, thresholds, first, capacity, visit));
    if (done == 0) {
      compute::ScanJob single = job;
      single.queries = job.queries.first(first + 1);
      LEARNDOCK_TRY(done, within_of_batch(context, codes, single, thresholds, first, capacity, visit));
      if (done == 0) return no_room();
    }
    first += done;
  }
  return {};
}

/// For lists too long for shared memory: all bounds come to the host, which selects.
Result<void> long_smallest(const Context& context, const CudaHeldCodes& codes, const compute::ScanJob& job,
                           std::size_t k, MatrixView<ScanHit> out, std::span<std::size_t> counts) {
  const std::vector<float> all(job.queries.size(), std::numeric_limits<float>::infinity());
  std::vector<std::vector<std::uint64_t>> best(job.queries.size());
  LEARNDOCK_CHECK(within_of_all(context, codes, job, all, codes.view().count,
                                [&](std::size_t q, std::uint64_t, std::span<const std::uint64_t> keys) {
                                  best[q].insert(best[q].end(), keys.begin(), keys.end());
                                  if (best[q].size() <= k) return;
                                  const auto end = best[q].begin() + static_cast<std::ptrdiff_t>(k);
                                  std::nth_element(best[q].begin(), end, best[q].end());
                                  best[q].resize(k);
                                }));
  for (std::size_t q = 0; q < best.size(); ++q) {
    std::sort(best[q].begin(), best[q].end());
    counts[q] = best[q].size();
    std::transform(best[q].begin(), best[q].end(), out.row(q).begin(), hit_of);
  }
  return {};
}

}  // namespace

Result<void> scan_smallest(const Context& context, const CudaHeldCodes& codes, const compute::ScanJob& job,
                           MatrixView<ScanHit> out, std::span<std::size_t> counts) {
  std::fill(counts.begin(), counts.end(), std::size_t{0});
  const std::size_t k = std::min(out.cols(), codes.view().count);
  if (k == 0 || job.queries.empty()) return context.usable();
  if (k > kMostSmallest) return long_smallest(context, codes, job, k, out, counts);
  for (std::size_t first = 0; first < job.queries.size();) {
    LEARNDOCK_TRY(const std::size_t done,
                  smallest_of_batch(context, codes, job, first, static_cast<std::uint32_t>(k), out, counts));
    first += done;
  }
  return {};
}

Result<void> scan_within(const Context& context, const CudaHeldCodes& codes, const compute::ScanJob& job,
                         std::span<const float> thresholds, MatrixView<ScanHit> out,
                         std::span<std::size_t> counts) {
  std::fill(counts.begin(), counts.end(), std::size_t{0});
  if (codes.view().count == 0) return context.usable();
  return within_of_all(context, codes, job, thresholds, out.cols(),
                       [&](std::size_t q, std::uint64_t total, std::span<const std::uint64_t> keys) {
                         for (std::size_t i = 0; i < keys.size() && counts[q] + i < out.cols(); ++i)
                           out(q, counts[q] + i) = hit_of(keys[i]);
                         counts[q] += total;
                       });
}

}  // namespace learndock::cuda
