// Everything that the benchmarks know of hnswlib. Compiled for this machine's own processor, as a program
// that uses the library would be.
#include "vector_rival.hpp"

#ifdef LEARNDOCK_BENCH_HNSWLIB
#include "base/parallel.hpp"

#include <algorithm>
// The index compiles the same headers for any processor, and not all that they define is inline: names of
// their own keep the two apart.
#define hnswlib native_hnswlib
#define cpuid native_cpuid
#define xgetbv native_xgetbv
#define AVXCapable native_AVXCapable
#define AVX512Capable native_AVX512Capable
#include <hnswlib/hnswlib.h>
#endif

namespace learndock::bench {

#ifdef LEARNDOCK_BENCH_HNSWLIB
namespace {

constexpr std::size_t kLinks = 16, kConstruction = 100;

class Graph final : public VectorRival {
 public:
  std::string name() const override { return "hnswlib M=16, efConstruction=100"; }
  void build(MatrixView<const float> vectors, unsigned threads) override {
    space_ = std::make_unique<hnswlib::L2Space>(vectors.cols());
    graph_ = std::make_unique<hnswlib::HierarchicalNSW<float>>(space_.get(), vectors.rows(), kLinks,
                                                               kConstruction);
    graph_->addPoint(vectors.row(0).data(), 0);
    run_tasks(vectors.rows() - 1, threads,
              [&](std::size_t i) { graph_->addPoint(vectors.row(i + 1).data(), i + 1); });
    // Level 0 holds the vector, its label and 2 M links; upper levels add M links with probability 1 / M.
    bytes_ = static_cast<double>(vectors.rows()) *
             static_cast<double>(vectors.cols() * sizeof(float) + sizeof(std::size_t) +
                                 (2 * kLinks + 1) * sizeof(unsigned) + sizeof(unsigned) + sizeof(void*));
  }
  void search(MatrixView<const float> queries, unsigned threads,
              MatrixView<std::int64_t> found) const override {
    run_tasks(queries.rows(), threads, [&](std::size_t q) {
      auto nearest = graph_->searchKnn(queries.row(q).data(), found.cols());
      std::fill(found.row(q).begin(), found.row(q).end(), -1);
      for (std::size_t i = nearest.size(); i > 0; --i) {
        found(q, i - 1) = static_cast<std::int64_t>(nearest.top().second);
        nearest.pop();
      }
    });
  }
  double bytes() const override { return bytes_; }
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
#else
std::unique_ptr<VectorRival> hnswlib_graph() { return nullptr; }
#endif

}  // namespace learndock::bench
