#include "engine/prefilter/code_scan.hpp"

#include "base/parallel.hpp"
#include "engine/prefilter/timed_scan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace learndock::engine {
namespace {

/// Embeddings that one task codes; whole blocks.
constexpr std::size_t kCodedAtOnce = 32 * compute::kBlockItems;
/// From this number of queries on, they are rounded to one byte a coordinate: half the work for slightly
/// looser bounds.
constexpr std::size_t kScanBatch = 8;

std::vector<compute::EmbeddingView> views_of(std::span<const Embedding> queries) {
  std::vector<compute::EmbeddingView> views;
  views.reserve(queries.size());
  for (const Embedding& query : queries) views.push_back(query.view());
  return views;
}

class CodeScan final : public Prefilter {
 public:
  explicit CodeScan(TimedScan scan) : scan_(std::move(scan)) {}

  std::string name() const override {
    return fmt::format("scan of {} codes on {}", compute::code_type_name(scan_.codes().type),
                       scan_.backend().name());
  }
  std::size_t count() const override { return scan_.codes().count; }

  Result<bool> smallest(const PrefilterJob& job, MatrixView<compute::ScanHit> out,
                        std::span<std::size_t> counts) const override {
    const std::vector<compute::EmbeddingView> views = views_of(job.queries);
    return scan_.smallest(scan_job(job, views), job.deadline, out, counts);
  }
  Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds,
                      MatrixView<compute::ScanHit> out, std::span<std::size_t> counts) const override {
    const std::vector<compute::EmbeddingView> views = views_of(job.queries);
    return scan_.within(scan_job(job, views), job.deadline, thresholds, out, counts);
  }

 private:
  static compute::ScanJob scan_job(const PrefilterJob& job,
                                   const std::vector<compute::EmbeddingView>& views) {
    return {views, job.allowed, views.size() < kScanBatch ? 2U : 1U};
  }

  TimedScan scan_;
};

}  // namespace

Result<std::unique_ptr<Prefilter>> code_scan(const compute::ScanCodesView& codes,
                                             std::shared_ptr<const compute::Backend> backend) {
  LEARNDOCK_TRY(std::shared_ptr<const compute::HeldCodes> held, backend->hold(codes));
  return std::make_unique<CodeScan>(TimedScan(std::move(backend), std::move(held)));
}

Result<compute::ScanCodes> encode(compute::CodeType type, std::span<const Embedding> embeddings,
                                  unsigned threads) {
  const std::size_t d = embeddings.empty() ? 0 : embeddings[0].coordinates.size();
  const std::size_t tasks = (embeddings.size() + kCodedAtOnce - 1) / kCodedAtOnce;
  std::vector<compute::ScanCodes> parts(tasks, compute::ScanCodes(type, d));
  std::vector<Result<void>> done(tasks);
  run_tasks(tasks, threads, [&](std::size_t task) {
    const std::size_t first = task * kCodedAtOnce, last = std::min(embeddings.size(), first + kCodedAtOnce);
    for (std::size_t i = first; i < last && done[task]; ++i)
      done[task] = parts[task].add(embeddings[i].view());
  });
  compute::ScanCodes codes(type, d);
  for (std::size_t task = 0; task < tasks; ++task) {
    LEARNDOCK_CHECK(std::move(done[task]));
    codes.append(parts[task]);
  }
  return codes;
}

}  // namespace learndock::engine
