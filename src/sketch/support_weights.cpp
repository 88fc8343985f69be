#include "sketch/support_weights.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::sketch {
namespace {

constexpr double kAcceptedGap = 1e-12;
/// A pivot below this share of the diagonal is rounding.
constexpr double kSmallestPivot = 1e-13;

/// Replaces the lower triangle by the Cholesky factor; false when a pivot vanishes. The innermost loop runs
/// along rows and adds no sums, which compilers turn into vector code.
bool factorise(Matrix<double>& a) {
  const std::size_t n = a.rows();
  std::vector<double> column(n), diagonal(n);
  for (std::size_t i = 0; i < n; ++i) diagonal[i] = a(i, i);
  for (std::size_t k = 0; k < n; ++k) {
    if (!(a(k, k) > kSmallestPivot * diagonal[k])) return false;
    const double pivot = a(k, k) = std::sqrt(a(k, k));
    for (std::size_t i = k + 1; i < n; ++i) column[i] = a(i, k) /= pivot;
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = column[i];
      double* row = a.row(i).data();
      for (std::size_t j = k + 1; j <= i; ++j) row[j] -= factor * column[j];
    }
  }
  return true;
}

/// Solves L L' x = b.
std::vector<double> solve(const Matrix<double>& factor, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) b[i] -= factor(i, j) * b[j];
    b[i] /= factor(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    b[i] /= factor(i, i);
    for (std::size_t j = 0; j < i; ++j) b[j] -= factor(i, j) * b[i];
  }
  return b;
}

double gap_of(MatrixView<const double> h, std::span<const double> c, std::span<const double> w) {
  double product = 0, least = 0, largest = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    double gradient = -c[i];
    for (std::size_t j = 0; j < w.size(); ++j) gradient += h(i, j) * w[j];
    product += w[i] * gradient;
    least = i == 0 ? gradient : std::min(least, gradient);
    largest = std::max({largest, std::abs(h(i, i)), std::abs(c[i])});
  }
  return (product - least) / largest;
}

}  // namespace

std::optional<std::vector<double>> weights_on_support(MatrixView<const double> h, std::span<const double> c,
                                                      std::span<const double> guess) {
  std::vector<std::size_t> support;
  for (std::size_t i = 0; i < guess.size(); ++i)
    if (guess[i] > 0) support.push_back(i);
  if (support.empty()) return std::nullopt;
  const std::size_t n = support.size();
  Matrix<double> factor(n, n);
  std::vector<double> rhs(n);
  for (std::size_t i = 0; i < n; ++i) {
    rhs[i] = c[support[i]];
    for (std::size_t j = 0; j <= i; ++j) factor(i, j) = h(support[i], support[j]);
  }
  if (!factorise(factor)) return std::nullopt;
  // Hw = c + y 1 on the support, with y such that the weights add up to one.
  const std::vector<double> free = solve(factor, std::move(rhs));
  const std::vector<double> ones = solve(factor, std::vector<double>(n, 1.0));
  double free_sum = 0, ones_sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    free_sum += free[i];
    ones_sum += ones[i];
  }
  const double y = (1 - free_sum) / ones_sum;
  std::vector<double> weights(guess.size(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = free[i] + y * ones[i];
    if (!(weight > 0)) return std::nullopt;
    weights[support[i]] = weight;
  }
  // Negated so that NaN fails too.
  if (!(gap_of(h, c, weights) <= kAcceptedGap)) return std::nullopt;
  return weights;
}

}  // namespace learndock::sketch
