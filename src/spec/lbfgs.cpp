#include "spec/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace learndock::spec {
namespace {

using Vector = std::vector<double>;

/// Armijo: the share of the promised decrease a step must bring.
constexpr double kSufficientDecrease = 1e-4;
constexpr std::size_t kMaxBacktracks = 12;
/// A pair with less curvature than this (relative) would spoil the model.
constexpr double kMinCurvature = 1e-10;
/// Below this share of the value a decrease is rounding.
constexpr double kRounding = 1e-15;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

struct Pair {
  Vector step, change;  // s = x' - x, y = g' - g
  double inverse_curvature;
};

/// -(inverse Hessian model) g by the two-loop recursion.
Vector direction_of(const std::deque<Pair>& pairs, const Vector& gradient) {
  Vector direction = gradient;
  Vector alpha(pairs.size());
  for (std::size_t p = pairs.size(); p-- > 0;) {
    alpha[p] = pairs[p].inverse_curvature * dot(pairs[p].step, direction);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] -= alpha[p] * pairs[p].change[i];
  }
  const Pair& last = pairs.back();
  const double scale = 1 / (last.inverse_curvature * dot(last.change, last.change));
  for (double& value : direction) value *= scale;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const double beta = pairs[p].inverse_curvature * dot(pairs[p].change, direction);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] += (alpha[p] - beta) * pairs[p].step[i];
  }
  for (double& value : direction) value = -value;
  return direction;
}

void remember(std::deque<Pair>& pairs, std::size_t memory, Vector step, Vector change) {
  const double curvature = dot(step, change);
  if (!(curvature > kMinCurvature * std::sqrt(dot(step, step) * dot(change, change)))) return;
  if (pairs.size() == memory) pairs.pop_front();
  pairs.push_back({std::move(step), std::move(change), 1 / curvature});
}

void limit(Vector& direction, double longest) {
  double largest = 0;
  for (const double value : direction) largest = std::max(largest, std::abs(value));
  if (largest > longest)
    for (double& value : direction) value *= longest / largest;
}

/// The minimum of the parabola through the value, the slope and the failed trial, kept within [0.1, 0.5].
double shorter(double step, double value, double slope, double trial) {
  const double excess = trial - value - slope * step;
  const double interpolated = std::isfinite(trial) && excess > 0 ? -slope * step / (2 * excess) : 0.25;
  return step * std::clamp(interpolated, 0.1, 0.5);
}

}  // namespace

Result<LbfgsOutcome> minimise(const Objective& objective, std::vector<double> start,
                              const LbfgsOptions& options) {
  LbfgsOutcome best{std::move(start), 0, 1};
  Vector gradient(best.x.size()), trial(best.x.size()), trial_gradient(best.x.size());
  LEARNDOCK_TRY(best.value, objective(best.x, gradient));
  std::deque<Pair> pairs;
  while (best.evaluations < options.evaluations) {
    Vector direction = gradient;
    if (pairs.empty()) {
      const double norm = std::sqrt(dot(gradient, gradient));
      if (!(norm > 0)) break;
      for (double& value : direction) value *= -options.first_step / norm;
    } else {
      direction = direction_of(pairs, gradient);
    }
    limit(direction, options.longest_step);
    const double slope = dot(direction, gradient);
    if (!(slope < 0)) break;
    double step = 1;
    bool accepted = false;
    for (std::size_t tries = 0; tries < kMaxBacktracks && best.evaluations < options.evaluations; ++tries) {
      for (std::size_t i = 0; i < trial.size(); ++i) trial[i] = best.x[i] + step * direction[i];
      LEARNDOCK_TRY(const double value, objective(trial, trial_gradient));
      ++best.evaluations;
      if (value <= best.value + kSufficientDecrease * step * slope && value < best.value) {
        const bool rounding = best.value - value <= kRounding * std::abs(best.value);
        Vector moved(trial.size()), change(trial.size());
        for (std::size_t i = 0; i < trial.size(); ++i) {
          moved[i] = trial[i] - best.x[i];
          change[i] = trial_gradient[i] - gradient[i];
        }
        remember(pairs, options.memory, std::move(moved), std::move(change));
        best.x = trial;
        best.value = value;
        gradient = trial_gradient;
        accepted = !rounding;
        break;
      }
      step = shorter(step, best.value, slope, value);
    }
    if (!accepted) break;
  }
  return best;
}

}  // namespace learndock::spec
