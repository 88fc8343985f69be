#include "query/compat/compat_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace learndock::query {
namespace {

// The reference's constants.
constexpr double kBestScoreFloor = 0.92;
constexpr double kEpsilonShare = 0.1;
constexpr double kSquareRootBelow = 0.7;
constexpr double kKeepFrom = 0.6;

int whole_per_cents(double score) { return static_cast<int>(100 * score); }

}  // namespace

std::vector<double> compat_scores(std::span<const double> distances) {
  if (distances.empty()) return {};
  const auto [low, high] = std::minmax_element(distances.begin(), distances.end());
  const double min = *low, max = *high;
  if (min == max) return std::vector<double>(distances.size(), 1.0);
  const double average =
      std::accumulate(distances.begin(), distances.end(), 0.0) / static_cast<double>(distances.size());
  double epsilon = kEpsilonShare * average;
  const double best = (max - min) / (max - epsilon);
  if (min < epsilon)
    epsilon = min;
  else if (best < kBestScoreFloor)
    epsilon = max - (max - min) / kBestScoreFloor;
  std::vector<double> scores;
  scores.reserve(distances.size());
  for (const double distance : distances) {
    const double score = (max - distance) / (max - epsilon);
    scores.push_back(score < kSquareRootBelow ? std::min(std::sqrt(score), kSquareRootBelow) : score);
  }
  return scores;
}

CompatSelection compat_selection(std::span<const double> distances, std::optional<double> mixture_value) {
  CompatSelection selection;
  if (distances.empty()) return selection;
  std::vector<double> all(distances.begin(), distances.end());
  if (mixture_value) all.push_back(*mixture_value);
  selection.scores = compat_scores(all);
  if (mixture_value) {
    selection.mixture_score = selection.scores.back();
    selection.scores.pop_back();
    if (whole_per_cents(*selection.mixture_score) == whole_per_cents(selection.scores.front()))
      selection.mixture_score.reset();
  }
  std::size_t kept = 1;
  while (kept < selection.scores.size() && selection.scores[kept] >= kKeepFrom) ++kept;
  selection.scores.resize(kept);
  if (kept == 1 && selection.scores[0] < kKeepFrom) {
    const double ratio = std::abs(selection.scores[0]) < 1e-5 ? 100 : kKeepFrom / selection.scores[0];
    selection.scores[0] = kKeepFrom;
    if (selection.mixture_score) selection.mixture_score = std::min(1.0, *selection.mixture_score * ratio);
  }
  return selection;
}

}  // namespace learndock::query
