#include "compute/reference/cpu_reference.hpp"

#include "compute/checks.hpp"
#include "compute/data_sums.hpp"
#include "compute/direct_kernels.hpp"
#include "compute/host_backend.hpp"
#include "compute/reference/reference_scan.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::compute {
namespace {

template <class A, class B>
double squared_distance(const A* a, const B* b, std::size_t dimension) {
  double sum = 0;
  for (std::size_t k = 0; k < dimension; ++k) {
    const double difference = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    sum += difference * difference;
  }
  return sum;
}

double kernel_value(const Kernel& kernel, double squared) {
  double sum = 0;
  for (std::uint32_t s = 0; s < kernel.scales; ++s) sum += std::exp(-kernel.gamma_of(s) * squared);
  return sum / kernel.scales;
}

double slope_value(const Kernel& kernel, double squared) {
  double sum = 0, factor = 1;
  for (std::uint32_t s = 0; s < kernel.scales; ++s, factor *= 4)
    sum += factor * std::exp(-kernel.gamma_of(s) * squared);
  return sum / kernel.scales;
}

/// Under a's kernel.
double inner_product(const ReducedSetView& a, const ReducedSetView& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.count; ++i)
    for (std::size_t j = 0; j < b.count; ++j)
      sum += a.weights[i] * b.weights[j] *
             kernel_value(a.kernel, squared_distance(a.points + i * a.dimension, b.points + j * b.dimension,
                                                     a.dimension));
  return sum;
}

/// A stored set as plain rows, its centre added again.
struct UnpackedSet {
  Matrix<double> points;
  std::vector<double> weights;
};

UnpackedSet unpack(const PackedSetsView& sets, std::size_t i) {
  const std::size_t first = sets.starts[i], count = sets.starts[i + 1] - first;
  UnpackedSet set{Matrix<double>(count, sets.dimension), std::vector<double>(count)};
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t k = 0; k < sets.dimension; ++k)
      set.points(r, k) = static_cast<double>(sets.coordinate(first + r, k)) + sets.centre[k];
    set.weights[r] = static_cast<double>(sets.weights[first + r]);
  }
  return set;
}

double cross_term(const PackedSetsView& sets, std::size_t i, const ReducedSetView& query) {
  const UnpackedSet set = unpack(sets, i);
  double sum = 0;
  for (std::size_t r = 0; r < set.weights.size(); ++r)
    for (std::size_t j = 0; j < query.count; ++j)
      sum += set.weights[r] * query.weights[j] *
             kernel_value(sets.kernel, squared_distance(set.points.row(r).data(),
                                                        query.points + j * query.dimension, query.dimension));
  return sum;
}

/// Terms are added in groups, so that rounding stays what direct_error says for many of them too.
double kernel_sum(const double* point, const ReducedSetView& set, const Kernel& kernel) {
  double sum = 0, group = 0;
  for (std::size_t j = 0; j < set.count; ++j) {
    group += set.weights[j] *
             kernel_value(kernel, squared_distance(point, set.points + j * set.dimension, set.dimension));
    if ((j + 1) % kSummedRows != 0) continue;
    sum += group;
    group = 0;
  }
  return sum + group;
}

void project_one(const ReducedSetView& set, const Projection& projection, std::span<double> out) {
  std::vector<double> sums(projection.landmarks.rows());
  for (std::size_t s = 0; s < sums.size(); ++s)
    sums[s] = kernel_sum(projection.landmarks.row(s).data(), set, projection.kernel);
  for (std::size_t c = 0; c < out.size(); ++c) {
    out[c] = 0;
    for (std::size_t s = 0; s < sums.size(); ++s) out[c] += projection.map(c, s) * sums[s];
  }
}

std::size_t nearest_centre(const float* row, MatrixView<const float> centres) {
  std::size_t best = 0;
  double best_distance = squared_distance(row, centres.row(0).data(), centres.cols());
  for (std::size_t c = 1; c < centres.rows(); ++c) {
    const double distance = squared_distance(row, centres.row(c).data(), centres.cols());
    if (distance < best_distance) {
      best_distance = distance;
      best = c;
    }
  }
  return best;
}

class CpuReference final : public HostBackend {
 public:
  std::string_view name() const override { return "cpu_reference"; }

  Result<void> inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                              std::span<double> out) const override {
    LEARNDOCK_CHECK(check_inner_products(query, sets, out));
    for (std::size_t i = 0; i < sets.size(); ++i) out[i] = inner_product(sets[i], query);
    return {};
  }

  Result<void> self_inner_products(std::span<const ReducedSetView> sets,
                                   std::span<double> out) const override {
    LEARNDOCK_CHECK(check_self_inner_products(sets, out));
    for (std::size_t i = 0; i < sets.size(); ++i) out[i] = inner_product(sets[i], sets[i]);
    return {};
  }

  Result<void> gram(MatrixView<const double> points, const Kernel& kernel,
                    MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_gram(points, kernel, out));
    for (std::size_t i = 0; i < points.rows(); ++i)
      for (std::size_t j = 0; j < points.rows(); ++j)
        out(i, j) = kernel_value(kernel, squared_distance(&points(i, 0), &points(j, 0), points.cols()));
    return {};
  }

  Result<void> project(std::span<const ReducedSetView> sets, const Projection& projection,
                       MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_project(sets, projection, out));
    for (std::size_t i = 0; i < sets.size(); ++i) project_one(sets[i], projection, out.row(i));
    return {};
  }
  Result<void> data_sums(MatrixView<const double> points, MatrixView<const float> data, const Kernel& kernel,
                         const DataSums& out) const override {
    LEARNDOCK_CHECK(check_data_sums(points, data, kernel, out));
    clear(out);
    for (std::size_t i = 0; i < points.rows(); ++i)
      for (std::size_t x = 0; x < data.rows(); ++x) {
        const double squared = squared_distance(&points(i, 0), data.row(x).data(), points.cols());
        out.kernel[i] += kernel_value(kernel, squared);
        const double slope = slope_value(kernel, squared);
        if (!out.slope.empty()) out.slope[i] += slope;
        if (out.slope_point.data() == nullptr) continue;
        for (std::size_t c = 0; c < points.cols(); ++c)
          out.slope_point(i, c) += slope * static_cast<double>(data(x, c));
      }
    return {};
  }

  Result<void> kmeans_step(std::span<const KmeansJob> jobs) const override {
    LEARNDOCK_CHECK(check_kmeans_step(jobs));
    for (const KmeansJob& job : jobs) {
      std::fill_n(job.sums.data(), job.sums.size(), 0.0);
      std::fill(job.counts.begin(), job.counts.end(), 0);
      for (std::size_t x = 0; x < job.data.rows(); ++x) {
        const std::size_t c = nearest_centre(job.data.row(x).data(), job.centres);
        for (std::size_t k = 0; k < job.data.cols(); ++k)
          job.sums(c, k) += static_cast<double>(job.data(x, k));
        ++job.counts[c];
      }
    }
    return {};
  }

  Result<void> cross_terms(const HeldSets& sets, std::span<const ReducedSetView> queries,
                           MatrixView<double> out) const override {
    LEARNDOCK_CHECK(check_cross_terms(sets.view(), queries, out));
    for (std::size_t q = 0; q < queries.size(); ++q)
      for (std::size_t i = 0; i < sets.view().count; ++i) out(q, i) = cross_term(sets.view(), i, queries[q]);
    return {};
  }
  Result<void> scan_smallest(const HeldCodes& codes, const ScanJob& job, MatrixView<ScanHit> out,
                             std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan(codes.view(), job, out, counts));
    for (std::size_t q = 0; q < job.queries.size(); ++q)
      counts[q] = reference_scan_smallest(codes.view(), job, q, out.row(q));
    return {};
  }
  Result<void> scan_within(const HeldCodes& codes, const ScanJob& job, std::span<const float> thresholds,
                           MatrixView<ScanHit> out, std::span<std::size_t> counts) const override {
    LEARNDOCK_CHECK(check_scan_within(codes.view(), job, thresholds, out, counts));
    for (std::size_t q = 0; q < job.queries.size(); ++q)
      counts[q] = reference_scan_within(codes.view(), job, q, thresholds[q], out.row(q));
    return {};
  }
  Result<void> reduction_sums(std::span<const ReductionJob> jobs) const override {
    LEARNDOCK_CHECK(check_reduction_sums(jobs));
    LEARNDOCK_CHECK(check_reduction_rows(jobs, 1));
    for (const ReductionJob& job : jobs)
      LEARNDOCK_CHECK(data_sums(job.points, job.data, job.kernel, job.out));
    return {};
  }
};

}  // namespace

std::shared_ptr<const Backend> make_cpu_reference() { return std::make_shared<CpuReference>(); }

}  // namespace learndock::compute
