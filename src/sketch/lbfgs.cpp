#include "sketch/lbfgs.hpp"

#include "numeric/sums.hpp"

#include <algorithm>
#include <cmath>

namespace learndock::sketch {
namespace {

using Vector = std::vector<double>;

/// Armijo: the share of the promised decrease a step must bring.
constexpr double kSufficientDecrease = 1e-4;
constexpr std::size_t kMaxBacktracks = 12;
/// A pair with less curvature than this (relative) would spoil the model.
constexpr double kMinCurvature = 1e-10;
/// Below this share of the value a decrease is rounding.
constexpr double kRounding = 1e-15;

/// -(inverse Hessian model) g by the two-loop recursion.
Vector direction_of(const std::deque<CurvaturePair>& pairs, const Vector& gradient) {
  Vector direction = gradient;
  Vector alpha(pairs.size());
  for (std::size_t p = pairs.size(); p-- > 0;) {
    alpha[p] = pairs[p].inverse_curvature * numeric::dot(pairs[p].step, direction);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] -= alpha[p] * pairs[p].change[i];
  }
  const CurvaturePair& last = pairs.back();
  const double scale = 1 / (last.inverse_curvature * numeric::dot(last.change, last.change));
  for (double& value : direction) value *= scale;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const double beta = pairs[p].inverse_curvature * numeric::dot(pairs[p].change, direction);
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] += (alpha[p] - beta) * pairs[p].step[i];
  }
  for (double& value : direction) value = -value;
  return direction;
}

void remember(std::deque<CurvaturePair>& pairs, std::size_t memory, Vector step, Vector change) {
  const double curvature = numeric::dot(step, change);
  if (!(curvature > kMinCurvature * std::sqrt(numeric::dot(step, step) * numeric::dot(change, change))))
    return;
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

namespace {

/// The state of a minimisation between steps.
class Search {
 public:
  Search(const Objective& objective, const LbfgsOptions& options, LbfgsOutcome& best)
      : objective_(objective), options_(options), best_(best), gradient_(best.x.size()) {}

  Result<void> begin() {
    LEARNDOCK_TRY(best_.value, objective_(best_.x, gradient_));
    best_.evaluations = 1;
    return {};
  }

  /// One accepted step; false when there is none left to take.
  Result<bool> advance() {
    const Vector direction = next_direction();
    const double slope = numeric::dot(direction, gradient_);
    if (!(slope < 0)) return false;
    Vector trial(direction.size()), trial_gradient(direction.size());
    double step = 1;
    for (std::size_t tries = 0; tries < kMaxBacktracks && !finished(); ++tries) {
      for (std::size_t i = 0; i < trial.size(); ++i) trial[i] = best_.x[i] + step * direction[i];
      LEARNDOCK_TRY(const double value, objective_(trial, trial_gradient));
      ++best_.evaluations;
      if (value < best_.value && value <= best_.value + kSufficientDecrease * step * slope)
        return accept(std::move(trial), std::move(trial_gradient), value);
      step = shorter(step, best_.value, slope, value);
    }
    return false;
  }

  [[nodiscard]] bool finished() const { return best_.evaluations >= options_.evaluations; }

 private:
  [[nodiscard]] Vector next_direction() const {
    Vector direction;
    if (!best_.pairs.empty()) {
      direction = direction_of(best_.pairs, gradient_);
    } else {
      direction = gradient_;
      const double norm = std::sqrt(numeric::dot(gradient_, gradient_));
      if (norm > 0)
        for (double& value : direction) value *= -options_.first_step / norm;
    }
    limit(direction, options_.longest_step);
    return direction;
  }

  bool accept(Vector trial, Vector trial_gradient, double value) {
    Vector step(trial.size()), change(trial.size());
    for (std::size_t i = 0; i < trial.size(); ++i) {
      step[i] = trial[i] - best_.x[i];
      change[i] = trial_gradient[i] - gradient_[i];
    }
    remember(best_.pairs, options_.memory, std::move(step), std::move(change));
    const bool more_than_rounding = best_.value - value > kRounding * std::abs(best_.value);
    best_.x = std::move(trial);
    best_.value = value;
    gradient_ = std::move(trial_gradient);
    return more_than_rounding;
  }

  const Objective& objective_;
  const LbfgsOptions& options_;
  LbfgsOutcome& best_;
  Vector gradient_;
};

}  // namespace

Result<LbfgsOutcome> minimise(const Objective& objective, std::vector<double> start,
                              const LbfgsOptions& options, std::deque<CurvaturePair> pairs) {
  LbfgsOutcome best{std::move(start), 0, 0, std::move(pairs)};
  Search search(objective, options, best);
  LEARNDOCK_CHECK(search.begin());
  for (bool moved = true; moved && !search.finished();) {
    LEARNDOCK_TRY(moved, search.advance());
  }
  return best;
}

}  // namespace learndock::sketch
