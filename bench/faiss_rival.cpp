// Everything that the benchmarks know of FAISS.
#include "vector_rival.hpp"

#ifdef LEARNDOCK_BENCH_FAISS
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>
#endif

namespace learndock::bench {

#ifdef LEARNDOCK_BENCH_FAISS
namespace {

/// FAISS before 1.7.4 has the name `idx_t` inside the class Index, later ones have it beside the class.
using FaissNumber = decltype(faiss::Index::ntotal);

void search_index(const faiss::Index& index, MatrixView<const float> queries, unsigned threads,
                  MatrixView<std::int64_t> found) {
  omp_set_num_threads(static_cast<int>(threads));
  std::vector<float> distances(found.size());
  index.search(static_cast<FaissNumber>(queries.rows()), queries.data(),
               static_cast<FaissNumber>(found.cols()), distances.data(), found.data());
}

class Flat final : public VectorRival {
 public:
  std::string name() const override { return "faiss flat"; }
  void build(MatrixView<const float> vectors, unsigned threads) override {
    omp_set_num_threads(static_cast<int>(threads));
    index_ = std::make_unique<faiss::IndexFlatL2>(static_cast<FaissNumber>(vectors.cols()));
    index_->add(static_cast<FaissNumber>(vectors.rows()), vectors.data());
    bytes_ = static_cast<double>(vectors.size() * sizeof(float));
  }
  void search(MatrixView<const float> queries, unsigned threads,
              MatrixView<std::int64_t> found) const override {
    search_index(*index_, queries, threads, found);
  }
  double bytes() const override { return bytes_; }

 private:
  std::unique_ptr<faiss::IndexFlatL2> index_;
  double bytes_ = 0;
};

class Ivf final : public VectorRival {
 public:
  explicit Ivf(std::size_t lists) : lists_(lists) {}
  std::string name() const override { return "faiss ivf" + std::to_string(lists_); }
  void build(MatrixView<const float> vectors, unsigned threads) override {
    omp_set_num_threads(static_cast<int>(threads));
    const auto rows = static_cast<FaissNumber>(vectors.rows());
    coarse_ = std::make_unique<faiss::IndexFlatL2>(static_cast<FaissNumber>(vectors.cols()));
    index_ = std::make_unique<faiss::IndexIVFFlat>(coarse_.get(), vectors.cols(), lists_);
    index_->train(rows, vectors.data());
    index_->add(rows, vectors.data());
    bytes_ = static_cast<double>((vectors.rows() + lists_) * vectors.cols() * sizeof(float) +
                                 vectors.rows() * sizeof(std::int64_t));
  }
  void search(MatrixView<const float> queries, unsigned threads,
              MatrixView<std::int64_t> found) const override {
    search_index(*index_, queries, threads, found);
  }
  double bytes() const override { return bytes_; }
  std::vector<std::size_t> knobs() const override { return {8, 32, 128}; }
  void set_knob(std::size_t probes) override { index_->nprobe = probes; }

 private:
  std::size_t lists_;
  std::unique_ptr<faiss::IndexFlatL2> coarse_;
  std::unique_ptr<faiss::IndexIVFFlat> index_;
  double bytes_ = 0;
};

}  // namespace

std::unique_ptr<VectorRival> faiss_flat() { return std::make_unique<Flat>(); }
std::unique_ptr<VectorRival> faiss_ivf(std::size_t lists) { return std::make_unique<Ivf>(lists); }
#else
std::unique_ptr<VectorRival> faiss_flat() { return nullptr; }
std::unique_ptr<VectorRival> faiss_ivf(std::size_t) { return nullptr; }
#endif

}  // namespace learndock::bench
