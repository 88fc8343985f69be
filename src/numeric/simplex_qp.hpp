#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace learndock {

struct SimplexQpSolution {
  std::vector<double> weights;  ///< w >= 0, sum 1 (to rounding)
  double objective = 0;         ///< 1/2 w'Hw - c'w
  /// Certificate: w'g - min_i g_i with g = Hw - c. For positive semi-definite H the objective is at most this
  /// much above the optimum (Frank-Wolfe gap); zero exactly when the KKT conditions hold.
  double kkt_residual = 0;
  std::size_t iterations = 0;
};

/// Minimises 1/2 w'Hw - c'w over the probability simplex: interior point (Mehrotra), then the exact solution
/// on the support found, kept when its certificate is no worse. Equal variables get equal weights where the
/// optimum is not unique.
///
/// @param h  n x n, symmetric positive semi-definite up to rounding; only the upper triangle is read
/// @errors   invalid_argument (n = 0, shapes, non-finite input), internal (no certificate below 1e-6 of the
/// scale)
/// @threads  safe
/// @cost     about 20 Cholesky factorisations of n x n
/// @source   Mehrotra, "On the implementation of a primal-dual interior point method" (1992); gap: Jaggi
/// (2013)
[[nodiscard]] Result<SimplexQpSolution> solve_simplex_qp(MatrixView<const double> h,
                                                         std::span<const double> c);

/// The certificate of any feasible w (see SimplexQpSolution::kkt_residual).
[[nodiscard]] double simplex_kkt_residual(MatrixView<const double> h, std::span<const double> c,
                                          std::span<const double> w);

}  // namespace learndock
