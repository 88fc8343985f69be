#pragma once

#include "learndock/base/result.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <span>
#include <vector>

namespace learndock::sketch {

/// Returns the value at x and writes the gradient. Infinity is allowed away from the start: the search then
/// steps back.
using Objective = std::function<Result<double>(std::span<const double> x, std::span<double> gradient)>;

/// One accepted step and the change of the gradient along it. The model of the curvature is made of such
/// pairs.
struct CurvaturePair {
  std::vector<double> step, change;  // s = x' - x, y = g' - g
  double inverse_curvature = 0;      // 1 / s'y
};

struct LbfgsOptions {
  std::size_t evaluations = 40;  ///< evaluations of the objective, the first included
  std::size_t memory = 10;
  double first_step = 1;    ///< Euclidean length of the first trial step
  double longest_step = 1;  ///< no coordinate moves further in one step
};

struct LbfgsOutcome {
  std::vector<double> x;
  double value = 0;
  std::size_t evaluations = 0;
  std::deque<CurvaturePair> pairs;  ///< may serve a similar objective as its first model
};

/// Limited-memory BFGS with a backtracking line search: each accepted step lowers the value, so the outcome
/// is never above the start. Ends at the evaluation limit, a vanishing gradient, or when no step lowers the
/// value any more.
/// @source Nocedal and Wright, "Numerical Optimization", algorithms 7.4 and 3.1
[[nodiscard]] Result<LbfgsOutcome> minimise(const Objective& objective, std::vector<double> start,
                                            const LbfgsOptions& options,
                                            std::deque<CurvaturePair> pairs = {});

}  // namespace learndock::sketch
