#include "faiss_flat.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"

#include <algorithm>
#include <exception>
#include <faiss/IndexFlat.h>
#include <omp.h>

namespace learndock::bench {
namespace {

/// FAISS before 1.7.4 has the name `idx_t` inside the class Index, later ones have it beside the class.
using FaissNumber = decltype(faiss::Index::ntotal);

/// Queries of one call: enough for FAISS to multiply matrices. The calls are divided among the threads,
/// because FAISS leaves the threads of a matrix product to BLAS, which has one here.
constexpr std::size_t kTogether = 32;

Failure flat_failure(const std::exception& error) {
  return fail(ErrorCode::internal, std::string("FAISS: ") + error.what());
}

class Flat final : public VectorRival {
 public:
  std::string name() const override { return "faiss flat"; }
  bool exact() const override { return true; }

  Result<void> build(MatrixView<const float> vectors, unsigned) override {
    compute::use_one_blas_thread();
    try {
      index_ = std::make_unique<faiss::IndexFlatL2>(static_cast<FaissNumber>(vectors.cols()));
      index_->add(static_cast<FaissNumber>(vectors.rows()), vectors.data());
    } catch (const std::exception& error) {
      return flat_failure(error);
    }
    bytes_ = static_cast<double>(vectors.size() * sizeof(float));
    return {};
  }

  Result<void> search(MatrixView<const float> queries, unsigned threads,
                      MatrixView<std::int64_t> found) const override {
    std::vector<float> distances(found.size());
    const std::size_t tasks = (queries.rows() + kTogether - 1) / kTogether;
    try {
      run_tasks(tasks, threads, [&](std::size_t task) {
        omp_set_num_threads(1);
        const std::size_t first = task * kTogether, count = std::min(kTogether, queries.rows() - first);
        index_->search(static_cast<FaissNumber>(count), queries.row(first).data(),
                       static_cast<FaissNumber>(found.cols()), distances.data() + first * found.cols(),
                       found.row(first).data());
      });
    } catch (const std::exception& error) {
      return flat_failure(error);
    }
    return {};
  }
  double bytes() const override { return bytes_; }

 private:
  std::unique_ptr<faiss::IndexFlatL2> index_;
  double bytes_ = 0;
};

}  // namespace

std::unique_ptr<VectorRival> faiss_flat() { return std::make_unique<Flat>(); }

}  // namespace learndock::bench
