// The only file of the numeric layer that includes Eigen.
#include "numeric/simplex_qp.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace learndock {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t kMaxIterations = 100;
/// Interior point stops here; the exact solve on the support does the rest.
constexpr double kComplementarityTolerance = 1e-14;
constexpr double kAcceptedResidual = 1e-6;
/// A pivot under this share of the largest means that the system has no unique solution in double precision.
constexpr double kRankTolerance = 1e-11;
/// A weight of at most this is not in a support.
constexpr double kTrace = 1e-9;

/// Work is done on the problem divided by `scale`, so that tolerances mean the same for every data set.
struct Problem {
  MatrixXd h;
  VectorXd c;
  double scale = 1;

  [[nodiscard]] VectorXd gradient(const VectorXd& w) const { return h * w - c; }
  [[nodiscard]] double residual(const VectorXd& w) const {
    const VectorXd g = gradient(w);
    return w.dot(g) - g.minCoeff();
  }
};

Problem scaled_problem(MatrixView<const double> h, std::span<const double> c) {
  const auto n = static_cast<Index>(c.size());
  Problem problem{MatrixXd(n, n), VectorXd(n), 1};
  for (Index row = 0; row < n; ++row) {
    problem.c(row) = c[static_cast<std::size_t>(row)];
    for (Index col = row; col < n; ++col)
      problem.h(row, col) = problem.h(col, row) =
          h(static_cast<std::size_t>(row), static_cast<std::size_t>(col));
  }
  const double largest = std::max(problem.h.cwiseAbs().maxCoeff(), problem.c.cwiseAbs().maxCoeff());
  if (largest > 0) {
    problem.scale = largest;
    problem.h /= largest;
    problem.c /= largest;
  }
  return problem;
}

/// Cholesky of H + diag; rounding can leave H slightly indefinite, so a ridge grows until the factor exists.
Eigen::LLT<MatrixXd> factorise(const MatrixXd& h, const VectorXd& diagonal) {
  MatrixXd shifted = h;
  shifted.diagonal() += diagonal;
  Eigen::LLT<MatrixXd> factor(shifted);
  for (double ridge = 1e-15; factor.info() != Eigen::Success && ridge < 1; ridge *= 10) {
    MatrixXd ridged = shifted;
    ridged.diagonal().array() += ridge;
    factor.compute(ridged);
  }
  return factor;
}

double longest_step(const VectorXd& value, const VectorXd& direction) {
  double step = 1;
  for (Index i = 0; i < value.size(); ++i)
    if (direction(i) < 0) step = std::min(step, -value(i) / direction(i));
  return step;
}

/// Mehrotra's predictor-corrector. Conditions: Hw - c - y 1 - s = 0, 1'w = 1, w_i s_i = 0, w, s >= 0.
struct InteriorPoint {
  const Problem& problem;
  VectorXd w, s;
  double y = 0;
  std::size_t iterations = 0;

  struct Direction {
    VectorXd w, s;
    double y;
  };

  explicit InteriorPoint(const Problem& p) : problem(p) {
    const Index n = p.c.size();
    w = VectorXd::Constant(n, 1.0 / static_cast<double>(n));
    const VectorXd g = p.gradient(w);
    y = g.minCoeff() - 1;
    s = (g.array() - y).matrix();
  }

  [[nodiscard]] Direction solve(const Eigen::LLT<MatrixXd>& factor, const VectorXd& solved_ones,
                                const VectorXd& dual_residual, double primal_residual,
                                const VectorXd& complementarity) const {
    const VectorXd rhs = -dual_residual - (complementarity.array() / w.array()).matrix();
    const VectorXd solved = factor.solve(rhs);
    Direction d;
    d.y = (-primal_residual - solved.sum()) / solved_ones.sum();
    d.w = solved + d.y * solved_ones;
    d.s = (-(complementarity.array() + s.array() * d.w.array()) / w.array()).matrix();
    return d;
  }

  void run() {
    const auto n = static_cast<double>(w.size());
    for (; iterations < kMaxIterations; ++iterations) {
      const double mu = w.dot(s) / n;
      const VectorXd dual = problem.gradient(w) - VectorXd::Constant(w.size(), y) - s;
      const double primal = w.sum() - 1;
      if (mu < kComplementarityTolerance && dual.cwiseAbs().maxCoeff() < 1e-12) return;
      const auto factor = factorise(problem.h, (s.array() / w.array()).matrix());
      if (factor.info() != Eigen::Success) return;
      const VectorXd ones = factor.solve(VectorXd::Ones(w.size()));
      const VectorXd products = w.cwiseProduct(s);
      const Direction affine = solve(factor, ones, dual, primal, products);
      const double affine_w = longest_step(w, affine.w), affine_s = longest_step(s, affine.s);
      const double affine_mu = (w + affine_w * affine.w).dot(s + affine_s * affine.s) / n;
      const double sigma = std::pow(affine_mu / mu, 3);
      const VectorXd corrected =
          (products.array() + affine.w.array() * affine.s.array() - sigma * mu).matrix();
      const Direction d = solve(factor, ones, dual, primal, corrected);
      if (!d.w.allFinite() || !d.s.allFinite() || !std::isfinite(d.y)) return;
      // One common step keeps the quadratic's dual residual falling in proportion.
      const double step = std::min({1.0, 0.995 * longest_step(w, d.w), 0.995 * longest_step(s, d.s)});
      w += step * d.w;
      s += step * d.s;
      y += step * d.y;
    }
  }
};

VectorXd feasible(VectorXd w) {
  w = w.cwiseMax(0.0);
  return w / w.sum();
}

/// The equality-constrained optimum on a support, or nothing when it leaves the simplex or is not unique.
///
/// With 1'w = 1 the matrix H + 11' has the same optimum as H, and it is positive definite exactly when the
/// KKT system is regular, so one Cholesky factorisation solves the system and tells its rank.
std::optional<VectorXd> solve_on_support(const Problem& problem, const std::vector<Index>& support) {
  MatrixXd h = problem.h(support, support);
  h.array() += 1;
  const Eigen::LLT<MatrixXd> factor(h);
  if (factor.info() != Eigen::Success) return std::nullopt;
  const auto pivots = factor.matrixLLT().diagonal().array().square();
  if (!(pivots.minCoeff() > kRankTolerance * pivots.maxCoeff())) return std::nullopt;
  const VectorXd solved_c = factor.solve(VectorXd(problem.c(support)));
  const VectorXd solved_ones = factor.solve(VectorXd::Ones(h.rows()));
  const VectorXd solved = solved_c + (1 - solved_c.sum()) / solved_ones.sum() * solved_ones;
  if (!solved.allFinite() || solved.minCoeff() < 0) return std::nullopt;
  VectorXd w = VectorXd::Zero(problem.c.size());
  w(support) = solved;
  return feasible(std::move(w));
}

/// Weights that are on their way to zero (smaller than their multiplier) at zero.
VectorXd without_traces(const InteriorPoint& interior) {
  VectorXd w = interior.w;
  for (Index i = 0; i < w.size(); ++i)
    if (w(i) < std::min(interior.s(i), kTrace)) w(i) = 0;
  return feasible(std::move(w));
}

/// Exact solutions on supports suggested by the interior point (w above a threshold); the one with the best
/// certificate wins. Where the optimum is not unique, as with two equal candidates, the interior point's own
/// solution, which treats equals alike, stays.
VectorXd polish(const Problem& problem, const InteriorPoint& interior) {
  VectorXd best = feasible(interior.w);
  double best_residual = problem.residual(best);
  const auto take = [&](VectorXd candidate, double allowed) {
    const double residual = problem.residual(candidate);
    if (!(residual <= allowed)) return;
    best_residual = residual;
    best = std::move(candidate);
  };
  take(without_traces(interior), std::max(best_residual, kComplementarityTolerance));
  std::vector<Index> last;
  for (const double threshold : {0.0, 1e-10, 1e-8, 1e-6, 1e-4}) {
    std::vector<Index> support;
    for (Index i = 0; i < best.size(); ++i)
      if (interior.w(i) > std::max(threshold, threshold == 0 ? interior.s(i) : 0.0)) support.push_back(i);
    if (support.empty() || support == last) continue;
    if (auto candidate = solve_on_support(problem, support)) take(std::move(*candidate), best_residual);
    last = std::move(support);
  }
  return best;
}

Result<void> check_input(MatrixView<const double> h, std::span<const double> c) {
  if (c.empty() || h.rows() != c.size() || h.cols() != c.size())
    return fail(ErrorCode::invalid_argument,
                fmt::format("simplex QP needs n > 0 and H n x n: H is {} x {}, c has {}", h.rows(), h.cols(),
                            c.size()));
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!std::all_of(h.data(), h.data() + h.size(), finite) || !std::all_of(c.begin(), c.end(), finite))
    return fail(ErrorCode::invalid_argument, "simplex QP input is not finite");
  return {};
}

}  // namespace

double simplex_kkt_residual(MatrixView<const double> h, std::span<const double> c,
                            std::span<const double> w) {
  const Problem problem = scaled_problem(h, c);
  return problem.scale * problem.residual(Eigen::Map<const VectorXd>(w.data(), static_cast<Index>(w.size())));
}

Result<SimplexQpSolution> solve_simplex_qp(MatrixView<const double> h, std::span<const double> c) {
  LEARNDOCK_CHECK(check_input(h, c));
  const Problem problem = scaled_problem(h, c);
  InteriorPoint interior(problem);
  interior.run();
  const VectorXd w = c.size() == 1 ? VectorXd::Ones(1) : polish(problem, interior);
  const double residual = std::max(0.0, problem.residual(w));
  // Negated so that NaN fails too.
  if (!(residual <= kAcceptedResidual))
    return fail(
        ErrorCode::internal,
        fmt::format(
            "simplex QP of {} variables ended with residual {:.3g} after {} iterations; is H positive "
            "semi-definite?",
            c.size(), residual, interior.iterations));
  SimplexQpSolution solution;
  solution.weights.assign(w.begin(), w.end());
  solution.objective = problem.scale * (0.5 * w.dot(problem.h * w) - problem.c.dot(w));
  solution.kkt_residual = problem.scale * residual;
  solution.iterations = interior.iterations;
  return solution;
}

}  // namespace learndock
