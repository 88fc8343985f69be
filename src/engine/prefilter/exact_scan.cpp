#include "engine/prefilter/exact_scan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace learndock::engine {
namespace {

double lower_bound(const Embedding& item, const Embedding& query) {
  double inner = item.residual * query.residual;
  for (std::size_t k = 0; k < item.coordinates.size(); ++k)
    inner += item.coordinates[k] * query.coordinates[k];
  return item.squared_norm + query.squared_norm - 2 * inner;
}

/// The bound as a float, rounded down so that it does not rise.
float as_float(double bound) {
  const auto value = static_cast<float>(bound);
  return static_cast<double>(value) > bound ? std::nextafterf(value, -std::numeric_limits<float>::infinity())
                                            : value;
}

class ExactScan final : public Prefilter {
 public:
  explicit ExactScan(std::vector<Embedding> embeddings) : embeddings_(std::move(embeddings)) {}
  std::string name() const override { return "exact scan"; }
  std::size_t count() const override { return embeddings_.size(); }

  Result<bool> smallest(const PrefilterJob& job, MatrixView<compute::ScanHit> out,
                        std::span<std::size_t> counts) const override {
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      std::vector<compute::ScanHit> hits = bounds(job, q);
      std::stable_sort(hits.begin(), hits.end(),
                       [](const auto& a, const auto& b) { return a.lower_bound < b.lower_bound; });
      counts[q] = std::min(hits.size(), out.cols());
      std::copy_n(hits.begin(), counts[q], out.row(q).begin());
    }
    return true;
  }

  Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds,
                      MatrixView<compute::ScanHit> out, std::span<std::size_t> counts) const override {
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      counts[q] = 0;
      for (const compute::ScanHit& hit : bounds(job, q)) {
        if (!(hit.lower_bound <= thresholds[q])) continue;
        if (counts[q] < out.cols()) out(q, counts[q]) = hit;
        ++counts[q];
      }
    }
    return true;
  }

 private:
  std::vector<compute::ScanHit> bounds(const PrefilterJob& job, std::size_t query) const {
    std::vector<compute::ScanHit> hits;
    for (std::size_t i = 0; i < embeddings_.size(); ++i)
      if (job.allowed == nullptr || (job.allowed[i / 64] >> (i % 64) & 1U) != 0)
        hits.push_back({i, as_float(lower_bound(embeddings_[i], job.queries[query]))});
    return hits;
  }

  std::vector<Embedding> embeddings_;
};

}  // namespace

std::unique_ptr<Prefilter> exact_scan(std::vector<Embedding> embeddings) {
  return std::make_unique<ExactScan>(std::move(embeddings));
}

}  // namespace learndock::engine
