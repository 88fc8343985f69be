// Compiled with -march=native. The engine's adapter has hnswlib for any processor, and not all that hnswlib's
// headers define is inline: names of their own keep the two apart.
#include "hnswlib_graph.hpp"

#include "base/parallel.hpp"

#include <algorithm>
#include <exception>

#define hnswlib native_hnswlib
#define cpuid native_cpuid
#define xgetbv native_xgetbv
#define AVXCapable native_AVXCapable
#define AVX512Capable native_AVX512Capable
#include <hnswlib/hnswlib.h>

namespace learndock::bench {
namespace {

/// M and efConstruction.
constexpr std::size_t kLinks = 16, kBuildWidth = 100;

Failure graph_failure(const std::exception& error) {
  return fail(ErrorCode::internal, std::string("hnswlib: ") + error.what());
}

class Graph final : public VectorRival {
 public:
  std::string name() const override { return "hnswlib M=16, efConstruction=100"; }

  Result<void> build(MatrixView<const float> vectors, unsigned threads) override {
    try {
      space_ = std::make_unique<hnswlib::L2Space>(vectors.cols());
      graph_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(
          space_.get(), std::max<std::size_t>(vectors.rows(), 1), kLinks, kBuildWidth);
      if (vectors.rows() > 0) graph_->addPoint(vectors.row(0).data(), 0);
      run_tasks(std::max<std::size_t>(vectors.rows(), 1) - 1, threads,
                [&](std::size_t i) { graph_->addPoint(vectors.row(i + 1).data(), i + 1); });
    } catch (const std::exception& error) {
      return graph_failure(error);
    }
    // Level 0 holds the vector, its label and 2 M links; upper levels add M links with probability 1 / M.
    bytes_ = static_cast<double>(vectors.rows() *
                                 (vectors.cols() * sizeof(float) + sizeof(std::size_t) +
                                  (2 * kLinks + 1) * sizeof(unsigned) + sizeof(unsigned) + sizeof(void*)));
    return {};
  }

  Result<void> search(MatrixView<const float> queries, unsigned threads,
                      MatrixView<std::int64_t> found) const override {
    try {
      run_tasks(queries.rows(), threads, [&](std::size_t q) {
        auto nearest = graph_->searchKnn(queries.row(q).data(), found.cols());
        const auto row = found.row(q);
        std::fill(row.begin() + static_cast<std::ptrdiff_t>(nearest.size()), row.end(), -1);
        for (std::size_t i = nearest.size(); i > 0; --i, nearest.pop())  // the farthest first
          row[i - 1] = static_cast<std::int64_t>(nearest.top().second);
      });
    } catch (const std::exception& error) {
      return graph_failure(error);
    }
    return {};
  }
  double bytes() const override { return bytes_; }

  // The knob is `ef`, the vectors that a search looks at.
  std::vector<std::size_t> knobs() const override { return {10, 20, 50, 100, 200, 400}; }
  void set_knob(std::size_t ef) override { graph_->setEf(ef); }
  // The graph has looked at `ef` vectors: all of them are worth an exact distance.
  std::size_t candidates(std::size_t ef) const override { return ef; }

 private:
  std::unique_ptr<hnswlib::L2Space> space_;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph_;
  double bytes_ = 0;
};

}  // namespace

std::unique_ptr<VectorRival> hnswlib_graph() { return std::make_unique<Graph>(); }

}  // namespace learndock::bench
