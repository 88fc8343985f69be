#include "sketch/joint_reducer.hpp"

#include "numeric/simplex_qp.hpp"
#include "sketch/kmeans.hpp"
#include "sketch/lbfgs.hpp"
#include "sketch/support_weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace learndock::sketch {
namespace {

/// Up to this many points the weights are solved for at every evaluation (about 1 ms for 100 points).
constexpr std::size_t kEliminatedPoints = 256;
/// Evaluations between two weight steps when there are more points.
constexpr std::size_t kEvaluationsPerWeightStep = 10;
/// Length of the first trial step, in kernel lengths per point.
constexpr double kFirstMove = 0.1;

/// Points in kernel lengths, u = sqrt(gamma) (z - origin), gamma that of the middle scale. The origin keeps
/// far-off data from losing digits.
struct Scaling {
  double root_gamma;
  std::vector<double> origin;

  Scaling(const Matrix<double>& points, const compute::Kernel& kernel)
      : root_gamma(std::sqrt(kernel.gamma * std::pow(2.0, kernel.scales - 1.0))), origin(points.cols()) {
    for (std::size_t i = 0; i < points.rows(); ++i)
      for (std::size_t c = 0; c < points.cols(); ++c)
        origin[c] += points(i, c) / static_cast<double>(points.rows());
  }
  [[nodiscard]] std::vector<double> from_points(const Matrix<double>& points) const {
    std::vector<double> u(points.values());
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = root_gamma * (u[i] - origin[i % origin.size()]);
    return u;
  }
  [[nodiscard]] Matrix<double> to_points(std::span<const double> u) const {
    Matrix<double> points(u.size() / origin.size(), origin.size());
    for (std::size_t i = 0; i < u.size(); ++i)
      points.values()[i] = u[i] / root_gamma + origin[i % origin.size()];
    return points;
  }
};

LbfgsOptions steps_of(std::size_t points, std::size_t evaluations) {
  LbfgsOptions options;
  options.evaluations = evaluations;
  options.first_step = kFirstMove * std::sqrt(static_cast<double>(points));
  return options;
}

struct Move {
  Matrix<double> points;
  std::deque<CurvaturePair> pairs;
};

/// Finds the best weights; between two evaluations their support seldom changes.
std::optional<std::vector<double>> eliminated_weights(const EmbeddingTarget& target,
                                                      std::span<const double> last) {
  auto weights = weights_on_support(target.gram().view(), target.cross(), last);
  if (weights) return weights;
  auto solution = solve_simplex_qp(target.gram().view(), target.cross());
  if (!solution) return std::nullopt;
  return std::move(solution->weights);
}

/// min over z of f(z, b(z)), or of f(z, b) for the weights given.
Result<Move> move_points(EmbeddingTarget& target, const Fit& start, const compute::Kernel& kernel,
                         bool eliminate, std::size_t evaluations, const TimeLimit& limit) {
  const Scaling scaling(start.points, kernel);
  std::vector<double> weights = start.weights;
  const Objective objective = [&](std::span<const double> u, std::span<double> gradient) -> Result<double> {
    LEARNDOCK_CHECK(check_time(limit));
    const Matrix<double> points = scaling.to_points(u);
    LEARNDOCK_CHECK(target.look_from(points.view(), true));
    if (eliminate) {
      auto solved = eliminated_weights(target, weights);
      // A point set whose weights cannot be certified is no place to go; the line search steps back.
      if (!solved) return std::numeric_limits<double>::infinity();
      weights = std::move(*solved);
    }
    target.gradient(weights, {gradient.data(), points.rows(), points.cols()});
    for (double& value : gradient) value /= scaling.root_gamma;
    return target.objective(weights);
  };
  LEARNDOCK_TRY(LbfgsOutcome outcome, minimise(objective, scaling.from_points(start.points),
                                               steps_of(start.points.rows(), evaluations), start.pairs));
  return Move{scaling.to_points(outcome.x), std::move(outcome.pairs)};
}

}  // namespace

Result<Fit> fit_weights(EmbeddingTarget& target, Matrix<double> points) {
  LEARNDOCK_CHECK(target.look_from(points.view(), false));
  LEARNDOCK_TRY(SimplexQpSolution solution, solve_simplex_qp(target.gram().view(), target.cross()));
  const double objective = target.objective(solution.weights);
  return Fit{std::move(points), std::move(solution.weights), objective, solution.kkt_residual, {}};
}

Result<Fit> fit_jointly(EmbeddingTarget& target, Fit start, const compute::Kernel& kernel,
                        std::size_t evaluations, const TimeLimit& limit) {
  const bool eliminate = start.points.rows() <= kEliminatedPoints;
  const std::size_t round = eliminate ? evaluations : kEvaluationsPerWeightStep;
  Fit best = std::move(start);
  for (std::size_t used = 0; used < evaluations; used += round) {
    LEARNDOCK_TRY(Move move,
                  move_points(target, best, kernel, eliminate, std::min(round, evaluations - used), limit));
    auto moved = fit_weights(target, std::move(move.points));
    // An improvement whose certificate fails is given up; the best so far has one.
    if (!moved || !(moved->objective < best.objective)) break;
    best = std::move(*moved);
    best.pairs = std::move(move.pairs);
  }
  return best;
}

Result<Fit> reduce_jointly(MatrixView<const float> data, Matrix<double> start, const compute::Kernel& kernel,
                           const JointOptions& options, const compute::Backend& backend) {
  DataTarget all(data, kernel, backend, RowSums::single_gradient);
  LEARNDOCK_TRY(Fit first, fit_weights(all, std::move(start)));
  if (data.rows() <= options.sample_rows)
    return fit_jointly(all, std::move(first), kernel, options.evaluations, options.deadline);
  const Matrix<float> rows = take_rows(data, sample_rows(data.rows(), options.sample_rows, options.seed + 2));
  DataTarget sample(rows.view(), kernel, backend, RowSums::single_gradient);
  LEARNDOCK_TRY(Fit sampled, fit_weights(sample, first.points));
  LEARNDOCK_TRY(sampled,
                fit_jointly(sample, std::move(sampled), kernel, options.evaluations, options.deadline));
  LEARNDOCK_TRY(Fit fitted, fit_weights(all, std::move(sampled.points)));
  if (fitted.objective < first.objective)
    fitted.pairs = std::move(sampled.pairs);
  else
    fitted = std::move(first);
  return fit_jointly(all, std::move(fitted), kernel, options.full_evaluations, options.deadline);
}

}  // namespace learndock::sketch
