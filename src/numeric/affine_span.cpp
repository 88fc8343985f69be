#include "numeric/affine_span.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <algorithm>
#include <cassert>

namespace learndock {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// A pivot with at most this share of the largest is rounding.
constexpr double kDependent = 1e-10;

}  // namespace

std::optional<AffineSpan> AffineSpan::of(MatrixView<const double> gram) {
  assert(gram.rows() > 0);
  const std::size_t n = gram.rows() - 1;
  const auto size = static_cast<Eigen::Index>(n);
  RowMajor differences(size, size);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      differences(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          gram(i + 1, j + 1) - gram(i + 1, 0) - gram(0, j + 1) + gram(0, 0);
  Matrix<double> factor(n, n);
  if (n > 0) {
    const Eigen::LLT<RowMajor> decomposed(differences);
    if (decomposed.info() != Eigen::Success) return std::nullopt;
    const RowMajor lower = decomposed.matrixL();
    if (!(lower.diagonal().cwiseAbs2().minCoeff() > kDependent * differences.diagonal().maxCoeff()))
      return std::nullopt;
    std::copy_n(lower.data(), n * n, factor.values().begin());
  }
  std::vector<double> with_first;
  for (std::size_t i = 0; i <= n; ++i) with_first.push_back(gram(i, 0));
  return AffineSpan(std::move(factor), std::move(with_first));
}

double AffineSpan::squared_distance(double self, std::span<const double> products) const {
  const std::size_t n = factor_.rows();
  assert(products.size() == n + 1);
  double squared = self - 2 * products[0] + with_first_[0];
  std::vector<double> solved(n);
  for (std::size_t i = 0; i < n; ++i) {
    double rest = products[i + 1] - products[0] - with_first_[i + 1] + with_first_[0];
    for (std::size_t j = 0; j < i; ++j) rest -= factor_(i, j) * solved[j];
    solved[i] = rest / factor_(i, i);
    squared -= solved[i] * solved[i];
  }
  return std::max(0.0, squared);
}

}  // namespace learndock
