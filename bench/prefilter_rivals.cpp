#include "prefilter_rivals.hpp"

#include "base/parallel.hpp"
#include "engine/prefilter/faiss_adapter.hpp"
#include "native_hnsw.hpp"

#include <algorithm>

namespace learndock::bench {
namespace {

using engine::EmbeddedRows;
using engine::Embedding;

/// A vector as the adapters take it. Its bound is the distance alone: nothing lies outside.
Embedding embedding_of(std::span<const float> row) {
  Embedding embedding;
  embedding.coordinates.assign(row.begin(), row.end() - 1);
  embedding.residual = static_cast<double>(row.back());
  for (const float value : row)
    embedding.squared_norm += static_cast<double>(value) * static_cast<double>(value);
  return embedding;
}

class PrefilterRival : public VectorRival {
 public:
  /// @param together  queries of one task
  explicit PrefilterRival(std::size_t together) : together_(together) {}

  Result<void> build(MatrixView<const float> vectors, unsigned threads) override {
    EmbeddedRows rows(vectors.cols() - 1);
    for (std::size_t i = 0; i < vectors.rows(); ++i) rows.add(vectors.row(i), 0, 0);
    LEARNDOCK_TRY(prefilter_, make(rows, threads));
    bytes_ = static_cast<double>(vectors.rows()) * bytes_each(vectors.cols());
    return {};
  }
  Result<void> search(MatrixView<const float> queries, unsigned threads,
                      MatrixView<std::int64_t> found) const override {
    std::vector<Embedding> embedded;
    for (std::size_t q = 0; q < queries.rows(); ++q) embedded.push_back(embedding_of(queries.row(q)));
    Matrix<compute::ScanHit> hits(found.rows(), found.cols());
    std::vector<std::size_t> counts(found.rows());
    std::vector<Result<bool>> done((queries.rows() + together_ - 1) / together_, true);
    run_tasks(done.size(), threads, [&](std::size_t task) {
      const std::size_t first = task * together_, count = std::min(together_, queries.rows() - first);
      done[task] =
          prefilter_->smallest({std::span(embedded).subspan(first, count)}, hits.view().block(first, count),
                               std::span(counts).subspan(first, count));
    });
    for (const Result<bool>& one : done) LEARNDOCK_CHECK(one);
    std::fill_n(found.data(), found.size(), -1);
    for (std::size_t q = 0; q < found.rows(); ++q)
      for (std::size_t i = 0; i < counts[q]; ++i) found(q, i) = static_cast<std::int64_t>(hits(q, i).item);
    return {};
  }
  double bytes() const override { return bytes_; }

 private:
  virtual Result<std::unique_ptr<engine::Prefilter>> make(const EmbeddedRows& rows,
                                                          unsigned threads) const = 0;
  [[nodiscard]] virtual double bytes_each(std::size_t width) const = 0;

  std::size_t together_;
  std::unique_ptr<engine::Prefilter> prefilter_;
  double bytes_ = 0;
};

/// Queries of one task: enough for FAISS to multiply matrices.
constexpr std::size_t kFlatQueries = 32;

class Flat final : public PrefilterRival {
 public:
  Flat() : PrefilterRival(kFlatQueries) {}
  std::string name() const override { return "faiss flat"; }

 private:
  Result<std::unique_ptr<engine::Prefilter>> make(const EmbeddedRows& rows, unsigned threads) const override {
    return engine::faiss_flat(rows, threads);
  }
  double bytes_each(std::size_t width) const override { return static_cast<double>(width * sizeof(float)); }
};

/// The least width while searching is one: then it is the number of candidates that is asked for, `ef`.
constexpr engine::HnswShape kShape{16, 100, 1};

class Graph final : public PrefilterRival {
 public:
  Graph() : PrefilterRival(1) {}
  std::string name() const override { return "hnswlib M=16, efConstruction=100"; }
  std::vector<std::size_t> knobs() const override { return {10, 20, 50, 100, 200, 400}; }
  // The graph has looked at `ef` vectors: all of them are worth an exact distance.
  std::size_t candidates(std::size_t ef) const override { return ef; }

 private:
  Result<std::unique_ptr<engine::Prefilter>> make(const EmbeddedRows& rows, unsigned threads) const override {
    return engine::native_hnsw_graph(rows, threads, kShape);
  }
  // Level 0 holds the vector, its label and 2 M links; upper levels add M links with probability 1 / M.
  double bytes_each(std::size_t width) const override {
    return static_cast<double>(width * sizeof(float) + sizeof(std::size_t) +
                               (2 * kShape.links + 1) * sizeof(unsigned) + sizeof(unsigned) + sizeof(void*));
  }
};

}  // namespace

std::unique_ptr<VectorRival> faiss_flat() { return std::make_unique<Flat>(); }
std::unique_ptr<VectorRival> hnswlib_graph() { return std::make_unique<Graph>(); }

}  // namespace learndock::bench
