// The only file that knows FAISS. Its exceptions end here. Its OpenMP and BLAS threads are not used: one
// thread of ours runs each of its calls, so that no other thread pool competes with ours.
#include "engine/prefilter/faiss_adapter.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "engine/prefilter/row_bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>
#include <mutex>
#include <omp.h>

namespace learndock::engine {
namespace {

/// FAISS before 1.7.4 has the name `idx_t` inside the class Index, later ones have it beside the class.
using FaissNumber = decltype(faiss::Index::ntotal);

/// Lloyd rounds, and rows of the sample for each centre. More hardly makes tighter cells.
constexpr int kRounds = 5;
constexpr std::size_t kSamplePerCell = 40;
/// Rows that one task assigns to centres.
constexpr std::size_t kTaskRows = 2048;

class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    omp_set_num_threads(1);
    compute::use_one_blas_thread();
  }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// The flat index with its queries divided among our threads.
class ThreadedFlat final : public faiss::IndexFlatL2 {
 public:
  ThreadedFlat(std::size_t width, unsigned threads)
      : faiss::IndexFlatL2(static_cast<FaissNumber>(width)), threads_(threads) {}

  void search(FaissNumber n, const float* x, FaissNumber k, float* distances, FaissNumber* labels,
              const faiss::SearchParameters* parameters = nullptr) const override {
    const auto count = static_cast<std::size_t>(n), each = static_cast<std::size_t>(k),
               width = static_cast<std::size_t>(d);
    const std::size_t tasks = (count + kTaskRows - 1) / kTaskRows;
    std::exception_ptr failed;
    std::mutex mutex;
    run_tasks(tasks, threads_, [&](std::size_t task) {
      const OneThread one;
      const std::size_t first = task * kTaskRows, rows = std::min(kTaskRows, count - first);
      try {
        faiss::IndexFlatL2::search(static_cast<FaissNumber>(rows), x + first * width, k,
                                   distances + first * each, labels + first * each, parameters);
      } catch (...) {  // passed on below, in the thread that called
        const std::scoped_lock lock(mutex);
        failed = std::current_exception();
      }
    });
    if (failed) std::rethrow_exception(failed);
  }

 private:
  unsigned threads_;
};

using compute::ScanHit;

Failure faiss_failure(const std::exception& error) {
  return fail(ErrorCode::internal, fmt::format("FAISS: {}", error.what()), {},
              "report this; --prefilter code_scan needs no FAISS");
}

/// `count` rows at equal steps, one after the other.
std::vector<float> sample_of(const EmbeddedRows& rows, std::size_t count) {
  std::vector<float> sample;
  sample.reserve(count * rows.width());
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = rows.row(i * rows.size() / count);
    sample.insert(sample.end(), row.begin(), row.end());
  }
  return sample;
}

void label_all(const EmbeddedRows& rows, const faiss::Index& centres, std::vector<std::uint32_t>& labels) {
  constexpr std::size_t kAtOnce = 32 * kTaskRows;
  std::vector<float> values, distances;
  std::vector<FaissNumber> nearest;
  for (std::size_t first = 0; first < rows.size(); first += kAtOnce) {
    const std::size_t count = std::min(kAtOnce, rows.size() - first);
    values.clear();
    for (std::size_t i = first; i < first + count; ++i)
      values.insert(values.end(), rows.row(i).begin(), rows.row(i).end());
    distances.resize(count);
    nearest.resize(count);
    centres.search(static_cast<FaissNumber>(count), values.data(), 1, distances.data(), nearest.data());
    for (const auto label : nearest) labels.push_back(label < 0 ? 0 : static_cast<std::uint32_t>(label));
  }
}

class FaissFlat final : public Prefilter {
 public:
  FaissFlat(const EmbeddedRows& rows, unsigned threads) : bounds_(rows), flat_(rows.width(), threads) {
    for (std::size_t i = 0; i < rows.size(); ++i) flat_.add(1, rows.row(i).data());
  }

  std::string name() const override { return "faiss flat of fp32 vectors"; }
  std::size_t count() const override { return static_cast<std::size_t>(flat_.ntotal); }

  Result<bool> smallest(const PrefilterJob& job, MatrixView<ScanHit> out,
                        std::span<std::size_t> counts) const override {
    const OneThread one;
    const std::size_t k = std::min(out.cols(), count());
    std::fill(counts.begin(), counts.end(), std::size_t{0});
    if (k == 0) return true;
    const Asked asked(job, *this);
    std::vector<float> distances(job.queries.size() * k);
    std::vector<FaissNumber> labels(distances.size());
    try {
      flat_.search(asked.count, asked.rows.data(), static_cast<FaissNumber>(k), distances.data(),
                   labels.data(), asked.parameters());
    } catch (const std::exception& error) {
      return faiss_failure(error);
    }
    for (std::size_t q = 0; q < job.queries.size(); ++q)
      for (std::size_t i = q * k; i < (q + 1) * k && labels[i] >= 0; ++i)
        out(q, counts[q]++) = {static_cast<std::uint64_t>(labels[i]),
                               RowBounds::bound(distances[i], asked.shifts[q])};
    return true;
  }

  Result<bool> within(const PrefilterJob& job, std::span<const float> thresholds, MatrixView<ScanHit> out,
                      std::span<std::size_t> counts) const override {
    const OneThread one;
    const Asked asked(job, *this);
    for (std::size_t q = 0; q < job.queries.size(); ++q) {
      counts[q] = 0;
      // The radius is slightly above the threshold, because FAISS leaves out distances equal to it.
      const double most = static_cast<double>(thresholds[q]) - asked.shifts[q];
      const auto radius = static_cast<float>(most + 1e-6 * std::abs(most) + 1e-30);
      faiss::RangeSearchResult found(1);
      try {
        flat_.range_search(1, asked.rows.data() + q * bounds_.width(), radius, &found, asked.parameters());
      } catch (const std::exception& error) {
        return faiss_failure(error);
      }
      for (std::size_t i = 0; i < found.lims[1]; ++i) {
        const ScanHit hit{static_cast<std::uint64_t>(found.labels[i]),
                          RowBounds::bound(found.distances[i], asked.shifts[q])};
        if (!(hit.lower_bound <= thresholds[q])) continue;
        if (counts[q] < out.cols()) out(q, counts[q]) = hit;
        ++counts[q];
      }
    }
    return true;
  }

 private:
  /// A job as FAISS takes it.
  struct Asked {
    Asked(const PrefilterJob& job, const FaissFlat& flat)
        : count(static_cast<FaissNumber>(job.queries.size())),
          filter((flat.count() + 7) / 8, reinterpret_cast<const std::uint8_t*>(job.allowed)) {
      for (const Embedding& embedding : job.queries) {
        const EmbeddedQuery query(embedding);
        rows.insert(rows.end(), query.row.begin(), query.row.end());
        shifts.push_back(flat.bounds_.shift(query));
      }
      if (job.allowed != nullptr) with_filter.sel = &filter;
    }
    [[nodiscard]] const faiss::SearchParameters* parameters() const {
      return with_filter.sel == nullptr ? nullptr : &with_filter;
    }

    FaissNumber count;
    std::vector<float> rows;
    std::vector<double> shifts;
    faiss::IDSelectorBitmap filter;
    faiss::SearchParameters with_filter;
  };

  RowBounds bounds_;
  ThreadedFlat flat_;
};

}  // namespace

Result<std::unique_ptr<Prefilter>> faiss_flat(const EmbeddedRows& rows, unsigned threads) {
  try {
    return std::make_unique<FaissFlat>(rows, threads);
  } catch (const std::exception& error) {
    return faiss_failure(error);
  }
}

Result<TrainedCells> train_cells(const EmbeddedRows& rows, std::size_t cells, unsigned threads) {
  const OneThread one;
  try {
    const std::vector<float> sample = sample_of(rows, std::min(rows.size(), cells * kSamplePerCell));
    faiss::ClusteringParameters options;
    options.niter = kRounds;
    options.min_points_per_centroid = 1;  // a larger number only makes FAISS warn on standard error
    options.max_points_per_centroid = static_cast<int>(kSamplePerCell + 1);
    options.seed = 1;
    faiss::Clustering clustering(static_cast<int>(rows.width()), static_cast<int>(cells), options);
    ThreadedFlat centres(rows.width(), threads);
    clustering.train(static_cast<FaissNumber>(sample.size() / rows.width()), sample.data(), centres);
    TrainedCells trained;
    trained.centres = Matrix<float>(cells, rows.width(), std::move(clustering.centroids));
    trained.labels.reserve(rows.size());
    label_all(rows, centres, trained.labels);
    return trained;
  } catch (const std::exception& error) {
    return faiss_failure(error);
  }
}

}  // namespace learndock::engine
