#include "engine/space/feature_space.hpp"

#include "learndock/engine/prefilter_kind.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "engine/space/subspace_fit.hpp"
#include "numeric/sums.hpp"
#include "sketch/kmeans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace learndock::engine {
namespace {

constexpr std::size_t kRowsPerLandmark = 64;
constexpr std::size_t kKmeansRounds = 12;
/// Rows more than this many times the median distance from the middle are no landmarks.
constexpr double kOutlier = 1000;
/// A subspace whose certificates would be looser than this is refused.
constexpr double kMostMapError = 1e-3;
/// The most points of a set: the most that a specification may have.
constexpr std::size_t kMostTerms = 16'384;
/// The first share of the largest eigenvalue below which directions are dropped, raised until the
/// certificate's error is at most kWantedError of a unit mass: small beside any distance that matters.
constexpr double kFirstCut = 1e-9, kLastCut = 1e-1, kCutStep = 100, kWantedError = 1e-6;

double kernel_sum_error(const compute::Kernel& kernel, std::size_t dimension) {
  return compute::direct_error(kernel, dimension, kMostTerms);
}

Result<void> check(std::span<const compute::ReducedSetView> sample, const compute::Kernel& kernel) {
  std::size_t rows = 0;
  for (const auto& set : sample) {
    rows += set.count;
    if (set.dimension != sample[0].dimension)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("a space of dimension {} was given a set of dimension {}", sample[0].dimension,
                              set.dimension));
  }
  if (rows == 0) return fail(ErrorCode::invalid_argument, "a feature space needs a sample of reduced sets");
  if (!(kernel.gamma > 0) || !std::isfinite(kernel.gamma) || kernel.scales < 1 ||
      kernel.scales > compute::kMaxScales)
    return fail(ErrorCode::invalid_argument,
                fmt::format("no kernel: gamma {}, {} scales", kernel.gamma, kernel.scales));
  return {};
}

/// Drops rows that are absurdly far out: beside them fp32 would lose everything else.
void drop_outliers(std::vector<const double*>& rows, const std::vector<double>& middle) {
  std::vector<double> distances;
  for (const double* row : rows) {
    double squared = 0;
    for (std::size_t k = 0; k < middle.size(); ++k) squared += (row[k] - middle[k]) * (row[k] - middle[k]);
    distances.push_back(std::sqrt(squared));
  }
  std::vector<double> sorted = distances;
  const auto half = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), half, sorted.end());
  const double most = *half > 0 ? kOutlier * *half : std::numeric_limits<double>::infinity();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (distances[i] <= most) rows[kept++] = rows[i];
  rows.resize(kept);
}

/// Finds centroids of the sample's points, in fp32 around the sample's middle.
Result<Matrix<double>> find_landmarks(std::span<const compute::ReducedSetView> sample,
                                      const SubspaceOptions& options, const compute::Backend& backend) {
  std::vector<const double*> rows;
  for (const auto& set : sample)
    for (std::size_t i = 0; i < set.count; ++i) rows.push_back(set.points + i * set.dimension);
  const std::size_t d = sample[0].dimension,
                    used = std::min(rows.size(), options.landmarks * kRowsPerLandmark);
  const std::vector<std::size_t> chosen = sketch::sample_rows(rows.size(), used, options.seed);
  std::vector<const double*> taken;
  for (const std::size_t i : chosen) taken.push_back(rows[i]);
  // One absurd row does not move a median.
  const std::vector<double> middle = numeric::median_row(
      taken.size(), d, [&](std::size_t row, std::size_t column) { return taken[row][column]; });
  drop_outliers(taken, middle);
  Matrix<float> data(taken.size(), d);
  for (std::size_t i = 0; i < taken.size(); ++i)
    for (std::size_t k = 0; k < d; ++k) data(i, k) = static_cast<float>(taken[i][k] - middle[k]);
  LEARNDOCK_TRY(Matrix<double> landmarks,
                sketch::kmeans_centroids(data.view(), std::min(taken.size(), options.landmarks),
                                         kKmeansRounds, options.seed + 1, backend));
  for (std::size_t s = 0; s < landmarks.rows(); ++s)
    for (std::size_t k = 0; k < d; ++k) landmarks(s, k) += middle[k];
  return landmarks;
}

/// W^-1/2 V' of the kept directions: kernel sums to coordinates in the landmarks' span.
Matrix<double> span_map(const Eigenpairs& pairs, double cut) {
  std::size_t kept = 0;
  while (kept < pairs.values.size() && pairs.values[kept] > cut * pairs.values[0]) ++kept;
  Matrix<double> map(kept, pairs.vectors.cols());
  for (std::size_t i = 0; i < kept; ++i)
    for (std::size_t s = 0; s < map.cols(); ++s) map(i, s) = pairs.vectors(i, s) / std::sqrt(pairs.values[i]);
  return map;
}

/// a (n x m) b (m x k)
Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b) {
  Matrix<double> out(a.rows(), b.cols());
  compute::add_product(a.values().data(), a.rows(), b.values().data(), b.cols(), a.cols(),
                       out.values().data());
  return out;
}

/// The principal directions of the sample (M x S kernel sums) inside the landmarks' span, evenly rotated.
Result<Matrix<double>> principal_map(const Matrix<double>& sums, const Eigenpairs& gram_pairs, double cut,
                                     const SubspaceOptions& options) {
  const Matrix<double> span = span_map(gram_pairs, cut);
  Matrix<double> inside(span.rows(), sums.rows()), covariance(span.rows(), span.rows());
  compute::multiply_transposed(span.values().data(), span.rows(), sums.values().data(), sums.rows(),
                               sums.cols(), inside.values().data());
  compute::multiply_transposed(inside.values().data(), inside.rows(), inside.values().data(), inside.rows(),
                               inside.cols(), covariance.values().data());
  LEARNDOCK_TRY(Eigenpairs principal, eigenpairs(covariance));
  const std::size_t kept = std::min(options.coordinates, span.rows());
  Matrix<double> directions(kept, span.rows());
  for (std::size_t i = 0; i < kept; ++i)
    std::copy_n(principal.vectors.row(i).data(), span.rows(), directions.row(i).data());
  return product(random_rotation(kept, options.seed + 2), product(directions, span));
}

Matrix<double> kernel_sums(std::span<const compute::ReducedSetView> sets,
                           const compute::DirectPoints& landmarks, const compute::Kernel& kernel,
                           unsigned threads) {
  Matrix<double> sums(sets.size(), landmarks.count());
  run_tasks(sets.size(), threads,
            [&](std::size_t i) { compute::direct_kernel_sums(landmarks, sets[i], kernel, sums.row(i)); });
  return sums;
}

double mean_off_diagonal(const Matrix<double>& gram) {
  if (gram.rows() < 2) return 1;
  double sum = 0;
  for (std::size_t i = 0; i < gram.rows(); ++i)
    for (std::size_t j = 0; j < gram.cols(); ++j)
      if (i != j) sum += gram(i, j);
  return sum / static_cast<double>(gram.rows() * (gram.rows() - 1));
}

double squared_length(std::span<const double> a) { return numeric::dot(a, a); }

}  // namespace

double mass_of(const compute::ReducedSetView& set) { return numeric::absolute_sum({set.weights, set.count}); }

FeatureSpace::FeatureSpace(Subspace subspace)
    : subspace_(std::move(subspace)), landmarks_(std::as_const(subspace_.landmarks).view()) {}

Result<FeatureSpace> FeatureSpace::fit(std::span<const compute::ReducedSetView> sample,
                                       const compute::Kernel& kernel, const SubspaceOptions& options,
                                       const compute::Backend& backend) {
  LEARNDOCK_CHECK(check(sample, kernel));
  const unsigned threads = usable_cores();
  Subspace subspace;
  subspace.dimension = sample[0].dimension;
  subspace.kernel = kernel;
  LEARNDOCK_TRY(subspace.landmarks, find_landmarks(sample, options, backend));
  const compute::DirectPoints points(std::as_const(subspace.landmarks).view());
  const Matrix<double> gram =
      landmark_gram(points, std::as_const(subspace.landmarks).view(), kernel, threads);
  LEARNDOCK_TRY(const Eigenpairs pairs, eigenpairs(gram));
  const Matrix<double> sums = kernel_sums(sample, points, kernel, threads);
  for (double cut = kFirstCut; cut <= kLastCut; cut *= kCutStep) {
    LEARNDOCK_TRY(subspace.map, principal_map(sums, pairs, cut, options));
    subspace.product_error =
        map_product_error(subspace.map, gram, compute::direct_error(kernel, subspace.dimension, 1),
                          kernel_sum_error(kernel, subspace.dimension));
    if (subspace.product_error <= kWantedError) break;
  }
  if (!(subspace.product_error <= kMostMapError))
    return fail(ErrorCode::internal,
                fmt::format("no subspace of this space has bounds that hold in fp64 (error {:.1g})",
                            subspace.product_error),
                {}, "its learnwares are compared one by one");
  subspace.middle.assign(subspace.map.rows(), 0.0);
  subspace.statistics.mean_kernel = mean_off_diagonal(gram);
  FeatureSpace space(std::move(subspace));
  const std::vector<Embedding> embedded = space.embed(sample, threads);
  double share = 0;
  for (const Embedding& one : embedded) {
    for (std::size_t k = 0; k < one.coordinates.size(); ++k)
      space.subspace_.middle[k] += one.coordinates[k] / static_cast<double>(embedded.size());
    if (one.self > 0) share += std::clamp(1 - squared_length(one.coordinates) / one.self, 0.0, 1.0);
  }
  space.subspace_.statistics.residual_share = share / static_cast<double>(embedded.size());
  return space;
}

Result<FeatureSpace> FeatureSpace::restore(Subspace subspace) {
  const std::size_t s = subspace.landmarks.rows(), d = subspace.map.rows();
  if (s == 0 || d == 0 || subspace.landmarks.cols() != subspace.dimension || subspace.map.cols() != s ||
      subspace.middle.size() != d || !(subspace.product_error >= 0) || !(subspace.kernel.gamma > 0) ||
      subspace.kernel.scales < 1 || subspace.kernel.scales > compute::kMaxScales)
    return fail(ErrorCode::corrupt, "the stored feature space has shapes that do not fit", {},
                "rebuild the index");
  return FeatureSpace(std::move(subspace));
}

std::vector<Embedding> FeatureSpace::embed(std::span<const compute::ReducedSetView> sets,
                                           unsigned threads) const {
  Matrix<double> mapped(sets.size(), coordinates());
  compute::direct_project(landmarks_, subspace_.map.view(), kernel(), sets, mapped.view(), threads);
  return complete(sets, mapped, threads);
}

Result<std::vector<Embedding>> FeatureSpace::embed(std::span<const compute::ReducedSetView> sets,
                                                   const compute::Backend& backend, unsigned threads) const {
  Matrix<double> mapped(sets.size(), coordinates());
  LEARNDOCK_CHECK(
      backend.project(sets, {subspace_.landmarks.view(), subspace_.map.view(), kernel()}, mapped.view()));
  return complete(sets, mapped, threads);
}

std::vector<Embedding> FeatureSpace::complete(std::span<const compute::ReducedSetView> sets,
                                              const Matrix<double>& mapped, unsigned threads) const {
  const double error = allowance();
  std::vector<Embedding> out(sets.size());
  run_tasks(sets.size(), threads, [&](std::size_t i) {
    const std::span<const double> coordinates = mapped.row(i);
    Embedding& one = out[i];
    one.self = compute::DirectQuery(sets[i], kernel()).inner_product(sets[i]);
    one.mass = mass_of(sets[i]);
    const double outside = std::max(0.0, one.self - squared_length(coordinates));
    one.residual = std::sqrt(outside + error * one.mass * one.mass);
    one.coordinates.resize(coordinates.size());
    for (std::size_t k = 0; k < coordinates.size(); ++k)
      one.coordinates[k] = coordinates[k] - subspace_.middle[k];
    one.squared_norm = squared_length(one.coordinates) + outside;
  });
  return out;
}

Embedding FeatureSpace::difference(const Embedding& query, std::span<const Embedding* const> members,
                                   std::span<const double> weights, double squared_norm) const {
  Embedding g = query;
  double kept_middle = 1;
  for (std::size_t i = 0; i < members.size(); ++i) {
    kept_middle -= weights[i];
    g.mass += std::abs(weights[i]) * members[i]->mass;
    for (std::size_t k = 0; k < g.coordinates.size(); ++k)
      g.coordinates[k] -= weights[i] * members[i]->coordinates[k];
  }
  for (std::size_t k = 0; k < g.coordinates.size(); ++k)
    g.coordinates[k] += kept_middle * subspace_.middle[k];
  const double inside = squared_length(g.coordinates), outside = std::max(0.0, squared_norm - inside);
  g.self = squared_norm;
  g.squared_norm = inside + outside;
  g.residual = std::sqrt(outside + allowance() * g.mass * g.mass);
  return g;
}

double FeatureSpace::middle_product(const Embedding& difference) const {
  double product = 0;
  for (std::size_t k = 0; k < subspace_.middle.size(); ++k)
    product += subspace_.middle[k] * difference.coordinates[k];
  return product;
}

double FeatureSpace::allowance() const {
  return 2 * (subspace_.product_error + 2 * kernel_sum_error(kernel(), dimension()));
}

double FeatureSpace::margin(double largest_mass, double query_mass) const {
  return allowance() / 2 * (largest_mass * largest_mass + query_mass * query_mass);
}

std::size_t chosen_coordinates(std::size_t learnwares) {
  return learnwares < kWorthCells ? kFewCoordinates : kManyCoordinates;
}

}  // namespace learndock::engine
