// FAISS' inverted file, which the program has no adapter for.
#include "faiss_ivf.hpp"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <omp.h>

namespace learndock::bench {
namespace {

/// FAISS before 1.7.4 has the name `idx_t` inside the class Index, later ones have it beside the class.
using FaissNumber = decltype(faiss::Index::ntotal);

Failure ivf_failure(const std::exception& error) {
  return fail(ErrorCode::internal, std::string("FAISS: ") + error.what());
}

class Ivf final : public VectorRival {
 public:
  explicit Ivf(std::size_t lists) : lists_(lists) {}
  std::string name() const override { return "faiss ivf" + std::to_string(lists_); }
  Result<void> build(MatrixView<const float> vectors, unsigned threads) override {
    omp_set_num_threads(static_cast<int>(threads));
    const auto rows = static_cast<FaissNumber>(vectors.rows());
    try {
      coarse_ = std::make_unique<faiss::IndexFlatL2>(static_cast<FaissNumber>(vectors.cols()));
      index_ = std::make_unique<faiss::IndexIVFFlat>(coarse_.get(), vectors.cols(), lists_);
      index_->train(rows, vectors.data());
      index_->add(rows, vectors.data());
    } catch (const std::exception& error) {
      return ivf_failure(error);
    }
    bytes_ = static_cast<double>((vectors.rows() + lists_) * vectors.cols() * sizeof(float) +
                                 vectors.rows() * sizeof(std::int64_t));
    return {};
  }
  Result<void> search(MatrixView<const float> queries, unsigned threads,
                      MatrixView<std::int64_t> found) const override {
    omp_set_num_threads(static_cast<int>(threads));
    std::vector<float> distances(found.size());
    try {
      index_->search(static_cast<FaissNumber>(queries.rows()), queries.data(),
                     static_cast<FaissNumber>(found.cols()), distances.data(), found.data());
    } catch (const std::exception& error) {
      return ivf_failure(error);
    }
    return {};
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

std::unique_ptr<VectorRival> faiss_ivf(std::size_t lists) { return std::make_unique<Ivf>(lists); }

}  // namespace learndock::bench
