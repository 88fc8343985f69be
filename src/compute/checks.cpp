#include "compute/checks.hpp"

#include "base/parallel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

namespace learndock::compute {
namespace {

Failure mismatch(std::string_view what, std::size_t have, std::size_t want) {
  return fail(ErrorCode::invalid_argument, fmt::format("{} is {}, expected {}", what, have, want));
}

Result<void> check_kernel(const Kernel& kernel) {
  if (kernel.scales < 1 || kernel.scales > kMaxScales)
    return fail(ErrorCode::invalid_argument,
                fmt::format("a kernel has {} scales, expected 1 to {}", kernel.scales, kMaxScales));
  // Negated so that NaN fails too.
  if (!(kernel.gamma > 0) || !std::isfinite(kernel.narrowest_gamma()))
    return fail(ErrorCode::invalid_argument,
                fmt::format("gamma is {} at {} scales; it must be positive and finite at each", kernel.gamma,
                            kernel.scales));
  return {};
}

Result<void> check_kernels(std::span<const ReducedSetView> sets) {
  for (const ReducedSetView& set : sets) LEARNDOCK_CHECK(check_kernel(set.kernel));
  return {};
}

constexpr double kLargestFloat = static_cast<double>(std::numeric_limits<float>::max());
constexpr double kLog2E = 1.4426950408889634;

/// The centre may be null: zero. False when a row or weight is beyond fp32.
bool fit_single(const ReducedSetView& set, const double* centre, const Kernel& kernel) {
  const double most = largest_single_norm(kernel);
  for (std::size_t i = 0; i < set.count; ++i) {
    double norm = 0;
    for (std::size_t k = 0; k < set.dimension; ++k) {
      const double value = set.points[i * set.dimension + k] - (centre == nullptr ? 0 : centre[k]);
      norm += value * value;
    }
    if (!(norm <= most)) return false;
    if (set.weights != nullptr && !(std::abs(set.weights[i]) <= kLargestFloat)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_single_kernel(const Kernel& kernel) {
  LEARNDOCK_CHECK(check_kernel(kernel));
  // Kernels work with 2 log2(e) gamma.
  if (kernel.gamma >= static_cast<double>(std::numeric_limits<float>::min()) &&
      kernel.gamma <= kLargestFloat / 4)
    return {};
  return fail(ErrorCode::invalid_argument, fmt::format("gamma {} is beyond single precision", kernel.gamma),
              {}, "scale the features");
}

// By Cauchy and Schwarz no partial sum of 2 gamma log2(e) <x, y> exceeds that of the longer row with itself.
// A little less than the largest float leaves room for the rounding of coordinates and products.
double largest_single_norm(const Kernel& kernel) {
  return 0.99 * kLargestFloat / std::max(1.0, 2 * kLog2E * kernel.gamma);
}

Failure beyond_single(std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{} holds values beyond single precision", what), {},
              "scale the features");
}

// As whole numbers, magnitudes are in the same order and NaN is above all; compilers make that loop vector
// code.
float largest_magnitude(std::span<const float> values) {
  std::uint32_t largest = 0;
  for (const float value : values)
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU);
  const float magnitude = std::bit_cast<float>(largest);
  return std::isfinite(magnitude) ? magnitude : std::numeric_limits<float>::infinity();
}

Result<void> check_inner_products(const ReducedSetView& query, std::span<const ReducedSetView> sets,
                                  std::span<const double> out) {
  if (out.size() != sets.size()) return mismatch("length of out", out.size(), sets.size());
  for (const ReducedSetView& set : sets)
    if (set.dimension != query.dimension)
      return mismatch("dimension of a set", set.dimension, query.dimension);
  return check_kernels(sets);
}

Result<void> check_self_inner_products(std::span<const ReducedSetView> sets, std::span<const double> out) {
  if (out.size() != sets.size()) return mismatch("length of out", out.size(), sets.size());
  return check_kernels(sets);
}

Result<void> check_gram(MatrixView<const double> points, const Kernel& kernel, MatrixView<const double> out) {
  if (out.rows() != points.rows()) return mismatch("rows of out", out.rows(), points.rows());
  if (out.cols() != points.rows()) return mismatch("columns of out", out.cols(), points.rows());
  return check_kernel(kernel);
}

Result<void> check_project(std::span<const ReducedSetView> sets, const Projection& projection,
                           MatrixView<const double> out) {
  if (projection.map.cols() != projection.landmarks.rows())
    return mismatch("columns of the map", projection.map.cols(), projection.landmarks.rows());
  if (out.cols() != projection.map.rows())
    return mismatch("columns of out", out.cols(), projection.map.rows());
  if (out.rows() != sets.size()) return mismatch("rows of out", out.rows(), sets.size());
  for (const ReducedSetView& set : sets)
    if (set.dimension != projection.landmarks.cols())
      return mismatch("dimension of a set", set.dimension, projection.landmarks.cols());
  return check_kernel(projection.kernel);
}

Result<void> check_data_sums(MatrixView<const double> points, MatrixView<const float> data,
                             const Kernel& kernel, const DataSums& out) {
  if (points.cols() != data.cols()) return mismatch("columns of data", data.cols(), points.cols());
  if (out.kernel.size() != points.rows())
    return mismatch("length of kernel sums", out.kernel.size(), points.rows());
  if (!out.slope.empty() && out.slope.size() != points.rows())
    return mismatch("length of slope sums", out.slope.size(), points.rows());
  if (out.slope_point.data() != nullptr &&
      (out.slope_point.rows() != points.rows() || out.slope_point.cols() != points.cols()))
    return mismatch("size of slope-point sums", out.slope_point.size(), points.size());
  return check_kernel(kernel);
}

Result<void> check_kmeans_step(std::span<const KmeansJob> jobs) {
  for (const KmeansJob& job : jobs) {
    const std::size_t k = job.centres.rows();
    if (k == 0) return mismatch("number of centres", 0, 1);
    if (job.centres.cols() != job.data.cols())
      return mismatch("columns of data", job.data.cols(), job.centres.cols());
    if (job.sums.rows() != k) return mismatch("rows of sums", job.sums.rows(), k);
    if (job.sums.cols() != job.data.cols())
      return mismatch("columns of sums", job.sums.cols(), job.data.cols());
    if (job.counts.size() != k) return mismatch("length of counts", job.counts.size(), k);
    if (!job.rows.empty() && job.rows.size() != job.data.rows())
      return mismatch("length of rows", job.rows.size(), job.data.rows());
    if (job.previous.size() != 0 && (job.previous.rows() != k || job.previous.cols() != job.data.cols()))
      return mismatch("size of the previous centres", job.previous.size(), job.centres.size());
  }
  return {};
}

Result<void> check_hold(const PackedSetsView& sets) { return check_single_kernel(sets.kernel); }

Result<void> check_cross_terms(const PackedSetsView& sets, std::span<const ReducedSetView> queries,
                               MatrixView<const double> out) {
  if (out.rows() != queries.size()) return mismatch("rows of out", out.rows(), queries.size());
  if (out.cols() != sets.count) return mismatch("columns of out", out.cols(), sets.count);
  for (const ReducedSetView& query : queries)
    if (query.dimension != sets.dimension)
      return mismatch("dimension of a query", query.dimension, sets.dimension);
  for (const ReducedSetView& query : queries)
    if (!fit_single(query, sets.centre, sets.kernel)) return beyond_single("a query");
  return {};
}

// The bound's allowance for rounding is a share of the squared norms: it is one only where |a|^2 is part of
// them.
Result<void> check_embedding(const EmbeddingView& embedding) {
  double inside = 0;
  for (const double value : embedding.coordinates) inside += value * value;
  // Negated so that NaN fails too.
  if (!(embedding.residual >= 0 && embedding.residual < kLargestFloat / 4 && embedding.squared_norm >= 0 &&
        embedding.squared_norm < kLargestFloat / 4))
    return fail(
        ErrorCode::invalid_argument,
        "an embedding's coordinates, residual and squared norm are finite, the latter two not negative");
  if (!(inside <= embedding.squared_norm * (1 + 0x1p-24)))
    return fail(ErrorCode::invalid_argument,
                fmt::format("an embedding's coordinates have the squared length {}, its squared norm is {}",
                            inside, embedding.squared_norm));
  return {};
}

Result<void> check_scan(const ScanCodesView& codes, const ScanJob& job, MatrixView<const ScanHit> out,
                        std::span<const std::size_t> counts) {
  if (out.rows() != job.queries.size()) return mismatch("rows of out", out.rows(), job.queries.size());
  if (counts.size() != job.queries.size())
    return mismatch("length of counts", counts.size(), job.queries.size());
  if (job.query_bytes != 1 && job.query_bytes != 2) return mismatch("query_bytes", job.query_bytes, 2);
  for (const EmbeddingView& query : job.queries) {
    if (query.coordinates.size() != codes.dimension)
      return mismatch("dimension of a query", query.coordinates.size(), codes.dimension);
    LEARNDOCK_CHECK(check_embedding(query));
  }
  for (const BlockRange& range : job.ranges)
    if (range.first > codes.blocks() || range.count > codes.blocks() - range.first)
      return mismatch("last block of a range", std::size_t{range.first} + range.count, codes.blocks());
  const auto falls = std::adjacent_find(
      job.ranges.begin(), job.ranges.end(),
      [](const BlockRange& a, const BlockRange& b) { return !(a.lower_bound <= b.lower_bound); });
  if (falls != job.ranges.end())
    return fail(ErrorCode::invalid_argument, "the ranges of a scan do not ascend in their bound");
  return {};
}

Result<void> check_scan_within(const ScanCodesView& codes, const ScanJob& job,
                               std::span<const float> thresholds, MatrixView<const ScanHit> out,
                               std::span<const std::size_t> counts) {
  if (thresholds.size() != job.queries.size())
    return mismatch("length of thresholds", thresholds.size(), job.queries.size());
  return check_scan(codes, job, out, counts);
}

Result<void> check_reduction_sums(std::span<const ReductionJob> jobs) {
  for (const ReductionJob& job : jobs) {
    LEARNDOCK_CHECK(check_data_sums(job.points, job.data, job.kernel, job.out));
    LEARNDOCK_CHECK(check_single_kernel(job.kernel));
    const ReducedSetView points{job.points.data(), nullptr, job.points.rows(), job.points.cols(), job.kernel};
    const std::vector<double> centre = median_row(job.points);
    if (!fit_single(points, centre.data(), job.kernel)) return beyond_single("a reduced set");
  }
  return {};
}

namespace {

/// Rows [first, last) of a job's data; distances are from the median of its points. Few data come near the
/// limit: most are let through by their largest value.
bool rows_fit_single(const ReductionJob& job, const std::vector<double>& centre, std::size_t first,
                     std::size_t last) {
  const double most = largest_single_norm(job.kernel), d = static_cast<double>(centre.size());
  double farthest = static_cast<double>(
      largest_magnitude({job.data.data() + first * job.data.cols(), (last - first) * job.data.cols()}));
  for (const double value : centre) farthest = std::max(farthest, std::abs(value));
  if (4 * d * farthest * farthest <= most) return true;
  for (std::size_t r = first; r < last; ++r) {
    double norm = 0;
    for (std::size_t k = 0; k < centre.size(); ++k) {
      const double value = static_cast<double>(job.data(r, k)) - centre[k];
      norm += value * value;
    }
    if (!(norm <= most)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_reduction_rows(std::span<const ReductionJob> jobs, unsigned threads) {
  constexpr std::size_t kRows = 4096;
  for (const ReductionJob& job : jobs) {
    const std::vector<double> centre = median_row(job.points);
    std::atomic<bool> fit = true;
    run_tasks((job.data.rows() + kRows - 1) / kRows, threads, [&](std::size_t task) {
      const std::size_t first = task * kRows;
      if (!rows_fit_single(job, centre, first, std::min(first + kRows, job.data.rows()))) fit = false;
    });
    if (!fit) return beyond_single("a row of data");
  }
  return {};
}

}  // namespace learndock::compute
