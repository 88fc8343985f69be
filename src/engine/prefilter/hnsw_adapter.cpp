// The only file that knows hnswlib. Its exceptions end here.
#include "engine/prefilter/hnsw_adapter.hpp"

#include "base/parallel.hpp"
#include "engine/prefilter/row_bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <mutex>

namespace learndock::engine {
namespace {

using compute::ScanHit;

Failure hnsw_failure(const std::exception& error) {
  return fail(ErrorCode::internal, fmt::format("hnswlib: {}", error.what()), {},
              "report this; --prefilter cells needs no hnswlib");
}

class HnswGraph final : public Prefilter {
 public:
  HnswGraph(const EmbeddedRows& rows, const HnswShape& shape)
      : bounds_(rows),
        space_(rows.width()),
        graph_(&space_, std::max<std::size_t>(rows.size(), 1), shape.links, shape.build_width) {
    graph_.setEf(shape.least_width);
  }

  void build(const EmbeddedRows& rows, unsigned threads) {
    if (rows.size() == 0) return;
    graph_.addPoint(rows.row(0).data(), 0);
    std::exception_ptr failed;
    std::mutex mutex;
    run_tasks(rows.size() - 1, threads, [&](std::size_t i) {
      try {
        graph_.addPoint(rows.row(i + 1).data(), i + 1);
      } catch (...) {  // passed on below, in the thread that called
        const std::scoped_lock lock(mutex);
        failed = std::current_exception();
      }
    });
    if (failed) std::rethrow_exception(failed);
  }

  std::string name() const override { return "hnsw graph, approximate"; }
  std::size_t count() const override { return graph_.cur_element_count; }
  bool certified() const override { return false; }

  Result<bool> smallest(const PrefilterJob& job, MatrixView<ScanHit> out,
                        std::span<std::size_t> counts) const override {
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      LEARNDOCK_TRY(const std::vector<ScanHit> hits, nearest(job, q, out.cols()));
      counts[q] = std::min(hits.size(), out.cols());
      std::copy_n(hits.begin(), counts[q], out.row(q).begin());
    }
    return true;
  }

  Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds, MatrixView<ScanHit> out,
                      std::span<std::size_t> counts) const override {
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      LEARNDOCK_TRY(const std::vector<ScanHit> hits, nearest(job, q, out.cols()));
      counts[q] = 0;
      for (const ScanHit& hit : hits)
        if (hit.lower_bound <= thresholds[q] && counts[q] < out.cols()) out(q, counts[q]++) = hit;
    }
    return true;
  }

 private:
  /// About the `wanted` nearest that are allowed: asks for more while a filter leaves too few.
  Result<std::vector<ScanHit>> nearest(const PrefilterJob& job, std::size_t q, std::size_t wanted) const {
    const EmbeddedQuery query(job.queries[q]);
    const double shift = bounds_.shift(query);
    std::vector<ScanHit> hits;
    try {
      for (std::size_t asked = std::min(wanted, count()); asked > 0; asked = std::min(4 * asked, count())) {
        hits.clear();
        for (auto found = graph_.searchKnn(query.row.data(), asked); !found.empty(); found.pop()) {
          const auto [distance, item] = found.top();
          if (job.allowed == nullptr || (job.allowed[item / 64] >> (item % 64) & 1U) != 0)
            hits.push_back({item, RowBounds::bound(distance, shift)});
        }
        if (hits.size() >= wanted || asked == count()) break;
      }
    } catch (const std::exception& error) {
      return hnsw_failure(error);
    }
    std::sort(hits.begin(), hits.end(), [](const ScanHit& a, const ScanHit& b) {
      return a.lower_bound != b.lower_bound ? a.lower_bound < b.lower_bound : a.item < b.item;
    });
    return hits;
  }

  RowBounds bounds_;
  hnswlib::L2Space space_;
  hnswlib::HierarchicalNSW<float> graph_;
};

}  // namespace

Result<std::unique_ptr<Prefilter>> hnsw_graph(const EmbeddedRows& rows, unsigned threads,
                                              const HnswShape& shape) {
  try {
    auto graph = std::make_unique<HnswGraph>(rows, shape);
    graph->build(rows, threads);
    return graph;
  } catch (const std::exception& error) {
    return hnsw_failure(error);
  }
}

}  // namespace learndock::engine
