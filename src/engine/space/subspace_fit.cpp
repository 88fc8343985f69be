#include "engine/space/subspace_fit.hpp"

#include "base/parallel.hpp"
#include "compute/blas.hpp"
#include "numeric/sums.hpp"

#include <Eigen/QR>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace learndock::engine {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kUnit = 0x1p-53;

Matrix<double> from_eigen(const RowMajor& source) {
  const auto rows = static_cast<std::size_t>(source.rows()), cols = static_cast<std::size_t>(source.cols());
  return Matrix<double>(rows, cols, std::vector<double>(source.data(), source.data() + rows * cols));
}

double frobenius(const Matrix<double>& m) { return std::sqrt(numeric::dot(m.values(), m.values())); }

Matrix<double> absolute(Matrix<double> m) {
  for (double& value : m.values()) value = std::abs(value);
  return m;
}

/// map gram map'
Matrix<double> sandwich(const Matrix<double>& map, const Matrix<double>& gram) {
  Matrix<double> half(map.rows(), gram.rows()), whole(map.rows(), map.rows());
  compute::multiply_transposed(map.values().data(), map.rows(), gram.values().data(), gram.rows(),
                               gram.cols(), half.values().data());
  compute::multiply_transposed(half.values().data(), half.rows(), map.values().data(), map.rows(), map.cols(),
                               whole.values().data());
  return whole;
}

/// The length of the vector of absolute row sums: how far errors of single kernel sums reach.
double reach(const Matrix<double>& map) {
  double sum = 0;
  for (std::size_t r = 0; r < map.rows(); ++r) {
    const double row = numeric::absolute_sum(map.row(r));
    sum += row * row;
  }
  return std::sqrt(sum);
}

/// The share of `kernel_error` that each kernel value may be off by: a value K = exp(-t) is off by at most
/// K (1 + t) of it, which for far landmarks is more than K (docs/proofs.md, the number E).
Matrix<double> error_shares(Matrix<double> gram) {
  for (std::size_t r = 0; r < gram.rows(); ++r)
    for (double& value : gram.row(r)) value = value > 0 ? value * (1 + std::max(0.0, -std::log(value))) : 0.0;
  return gram;
}

}  // namespace

Result<Eigenpairs> eigenpairs(Matrix<double> symmetric) {
  const std::size_t n = symmetric.rows();
  std::vector<double> ascending(n);
  if (!compute::symmetric_eigenvectors(symmetric.values().data(), n, ascending.data()))
    return fail(ErrorCode::internal, "the eigenvalue decomposition of a feature space did not converge");
  Eigenpairs pairs{Matrix<double>(n, n), {ascending.rbegin(), ascending.rend()}};
  for (std::size_t i = 0; i < n; ++i)
    std::copy_n(symmetric.row(n - 1 - i).begin(), n, pairs.vectors.row(i).begin());
  return pairs;
}

Matrix<double> random_rotation(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  const auto size = static_cast<Eigen::Index>(n);
  RowMajor gaussian(size, size);
  for (Eigen::Index i = 0; i < gaussian.size(); ++i) gaussian.data()[i] = normal(random);
  const Eigen::HouseholderQR<RowMajor> qr(gaussian);
  return from_eigen(RowMajor(qr.householderQ()));
}

Matrix<double> landmark_gram(const compute::DirectPoints& points, MatrixView<const double> landmarks,
                             const compute::Kernel& kernel, unsigned threads) {
  Matrix<double> gram(landmarks.rows(), landmarks.rows());
  const double one = 1;
  run_tasks(landmarks.rows(), threads, [&](std::size_t s) {
    const compute::ReducedSetView single{landmarks.row(s).data(), &one, 1, landmarks.cols(), kernel};
    compute::direct_kernel_sums(points, single, kernel, gram.row(s));
  });
  return gram;
}

double map_product_error(const Matrix<double>& map, const Matrix<double>& gram, double kernel_error,
                         double kernel_sum_error) {
  const double terms = static_cast<double>(map.cols()) + 8, d = static_cast<double>(map.rows());
  Matrix<double> product = sandwich(map, gram);
  for (std::size_t i = 0; i < product.rows(); ++i) product(i, i) -= 1;
  const Matrix<double> sizes = sandwich(absolute(map), absolute(gram));
  const Matrix<double> entry_errors = sandwich(absolute(map), error_shares(gram));
  const double skew =
      frobenius(product) + 2 * terms * kUnit * frobenius(sizes) + kernel_error * frobenius(entry_errors);
  const double shift = (kernel_sum_error + terms * kUnit) * reach(map);
  if (!(skew < 0.5)) return std::numeric_limits<double>::infinity();
  // |<a, G^-1 b> - <a, b>| <= skew / (1 - skew) |a| |b|, |a| <= 1 + skew + shift per unit of mass; then the
  // shifts of both sides, and the rounding of products of D coordinates.
  const double length = 1 + skew + shift;
  return (skew / (1 - skew) + 8 * (d + 8) * kUnit) * length * length + 2 * shift * length + shift * shift;
}

}  // namespace learndock::engine
