#include "compute/reference/reference_scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace learndock::compute {
namespace {

std::vector<ScanHit> all_hits(const ScanCodesView& codes, const ScanJob& job, std::size_t query) {
  const BlockRange everything{0, static_cast<std::uint32_t>(codes.blocks()),
                              -std::numeric_limits<float>::infinity()};
  std::vector<ScanHit> hits;
  for (const BlockRange& range : job.ranges.empty() ? std::span(&everything, 1) : job.ranges) {
    const std::size_t last = std::min(codes.count, (std::size_t{range.first} + range.count) * kBlockItems);
    for (std::uint64_t item = range.first * kBlockItems; item < last; ++item)
      if (!codes.is_padding(item) &&
          (job.allowed == nullptr || (job.allowed[item / 64] >> (item % 64) & 1U) != 0))
        hits.push_back({item, std::max(range.lower_bound, static_cast<float>(reference_lower_bound(
                                                              codes, item, job.queries[query])))});
  }
  std::sort(hits.begin(), hits.end(), [](const ScanHit& a, const ScanHit& b) { return a.item < b.item; });
  return hits;
}

}  // namespace

double reference_lower_bound(const ScanCodesView& codes, std::size_t item, const EmbeddingView& query) {
  const auto factor = [&](Factor which) { return static_cast<double>(codes.factor(item, which)); };
  double product = 0, norm = 0;
  for (std::size_t k = 0; k < codes.dimension; ++k) {
    product += codes.code_value(item, k) * query.coordinates[k];
    norm += query.coordinates[k] * query.coordinates[k];
  }
  const double across =
      std::sqrt(std::max(0.0, norm - product * product * factor(Factor::inverse_code_norm)));
  return factor(Factor::squared_norm) + query.squared_norm -
         2 * (factor(Factor::scale) * product + factor(Factor::code_error) * across +
              factor(Factor::residual) * query.residual);
}

std::size_t reference_scan_smallest(const ScanCodesView& codes, const ScanJob& job, std::size_t query,
                                    std::span<ScanHit> out) {
  std::vector<ScanHit> hits = all_hits(codes, job, query);
  std::stable_sort(hits.begin(), hits.end(),
                   [](const ScanHit& a, const ScanHit& b) { return a.lower_bound < b.lower_bound; });
  hits.resize(std::min(hits.size(), out.size()));
  std::copy(hits.begin(), hits.end(), out.begin());
  return hits.size();
}

std::size_t reference_scan_within(const ScanCodesView& codes, const ScanJob& job, std::size_t query,
                                  float threshold, std::span<ScanHit> out) {
  std::size_t count = 0;
  for (const ScanHit& hit : all_hits(codes, job, query))
    if (hit.lower_bound <= threshold) {
      if (count < out.size()) out[count] = hit;
      ++count;
    }
  return count;
}

}  // namespace learndock::compute
