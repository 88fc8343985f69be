#pragma once

#include "sketch/embedding_target.hpp"
#include "sketch/lbfgs.hpp"
#include "sketch/time_limit.hpp"

namespace learndock::sketch {

/// A reduced set fitted to a target.
struct Fit {
  Matrix<double> points;
  std::vector<double> weights;
  double objective = 0;  ///< f(z, b) of the target: the squared distance less the target's own term
  double kkt_residual = 0;
  std::deque<CurvaturePair> pairs;  ///< the curvature that fit_jointly measured, in kernel lengths
};

/// Finds the weights on the simplex that minimise f for these points.
[[nodiscard]] Result<Fit> fit_weights(EmbeddingTarget& target, Matrix<double> points);

/// Fits points and weights together by L-BFGS on the points with the weights eliminated (the simplex QP is
/// solved at each evaluation, which makes the gradient at fixed weights the gradient of the eliminated
/// problem). Above kEliminatedPoints points the QP costs more than the kernel values; it is then solved every
/// few evaluations. Lengths are measured in 1 / sqrt(gamma), with several scales the gamma of the middle one,
/// so units of the data do not matter. The limit of time is looked at before each evaluation. The outcome is
/// never above f at the start with its best weights.
[[nodiscard]] Result<Fit> fit_jointly(EmbeddingTarget& target, Fit start, const compute::Kernel& kernel,
                                      std::size_t evaluations, const TimeLimit& limit = {});

struct JointOptions {
  std::size_t evaluations = 30;       ///< number, on the sample when there are more rows than sample_rows
  std::size_t full_evaluations = 10;  ///< afterwards on all rows, when there are more than sample_rows
  std::size_t sample_rows = 4096;
  std::uint64_t seed = 0;
  TimeLimit deadline = {};  ///< looked at before each evaluation
};

/// The recipe "joint" from given points: fit_jointly on a seeded sample of the rows, then on all of them.
/// Never above the start with its best weights on all rows.
[[nodiscard]] Result<Fit> reduce_jointly(MatrixView<const float> data, Matrix<double> start,
                                         const compute::Kernel& kernel, const JointOptions& options,
                                         const compute::Backend& backend);

}  // namespace learndock::sketch
