#include "trial/trial_mixtures.hpp"

#include "engine/mixture/certified_mixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace learndock::trial {
namespace {

constexpr std::size_t kMostMixtures = 50, kBlended = 3;
/// How far two computations of a distance may differ, as a share of <u, u>.
constexpr double kRounding = 1e-9;

/// A user whose data come from several sources in equal shares: no single learnware explains it.
OwnedSet blend(std::span<const OwnedSet> sources) {
  OwnedSet blended;
  blended.gamma = sources[0].gamma;
  std::vector<double> points;
  for (const OwnedSet& source : sources) {
    points.insert(points.end(), source.points.values().begin(), source.points.values().end());
    for (const double weight : source.weights)
      blended.weights.push_back(weight / static_cast<double>(sources.size()));
  }
  blended.points = Matrix<double>(blended.weights.size(), sources[0].points.cols(), std::move(points));
  return blended;
}

struct Measured {
  std::vector<double> milliseconds = {}, members = {}, evaluated = {}, mmd_squared = {}, of_query = {},
                      of_mixture = {};
};

/// MMD^2 of the answer's members and weights, by the definition.
Result<double> computed(const Trial& trial, const compute::DirectQuery& user, double self,
                        const engine::CertifiedMixture& mixture) {
  std::vector<std::vector<double>> memory(mixture.members.size());
  std::vector<compute::ReducedSetView> sets;
  for (std::size_t i = 0; i < memory.size(); ++i) {
    LEARNDOCK_TRY(sets.emplace_back(), trial.part->set(mixture.members[i].item, memory[i]));
  }
  double sum = self;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const compute::DirectQuery member(sets[i], trial.part->kernel());
    double with_members = 0;
    for (std::size_t j = 0; j < sets.size(); ++j)
      with_members += mixture.weights[j] * member.inner_product(sets[j]);
    sum += mixture.weights[i] * (with_members - 2 * user.inner_product(sets[i]));
  }
  return sum;
}

Result<void> measure_one(const Trial& trial, const OwnedSet& query, Measured& measured) {
  const compute::ReducedSetView view = query.view();
  engine::MixtureOptions mixing;
  mixing.max_members = trial.options.mixture_members;
  mixing.threads = trial.options.threads;
  mixing.proof_members = trial.options.mixture_proof;
  mixing.negligible_gap = trial.options.mixture_gap;
  if (trial.options.mixture_products) mixing.backend = &trial.backend;
  engine::CertifiedOptions nearest = trial.search_options();
  nearest.top = 1;
  const Stopwatch watch;
  LEARNDOCK_TRY(const auto single, engine::certified_search(trial.parts(), {&view, 1}, nearest));
  LEARNDOCK_TRY(const auto mixture,
                engine::certified_mixture(trial.parts(), view, single[0].hits.at(0), mixing));
  measured.milliseconds.push_back(watch.milliseconds());
  if (!mixture) return {};
  const compute::DirectQuery user(view, trial.part->kernel());
  const double self = user.inner_product(view);
  LEARNDOCK_TRY(const double true_distance, computed(trial, user, self, *mixture));
  if (!(std::abs(true_distance - mixture->mmd_squared) <= kRounding * self))
    return fail(
        ErrorCode::internal,
        fmt::format("a mixture is {} away and was said to be {}", true_distance, mixture->mmd_squared), {},
        "report this with the options of the run");
  measured.members.push_back(static_cast<double>(mixture->members.size()));
  measured.evaluated.push_back(static_cast<double>(mixture->evaluated));
  measured.mmd_squared.push_back(mixture->mmd_squared);
  measured.of_query.push_back(mixture->gap / self);
  measured.of_mixture.push_back(mixture->gap / std::max(mixture->mmd_squared, 1e-300));
  return {};
}

}  // namespace

Result<void> time_mixtures(const Trial& trial, TrialReport& report) {
  const std::size_t count =
      std::min(kMostMixtures, std::max<std::size_t>(1, trial.queries.size() / kBlended));
  Measured measured;
  for (std::size_t i = 0; i < count; ++i) {
    if (trial.progress) trial.progress("mixtures", i, count);
    const std::size_t first = i * kBlended, sources = std::min(kBlended, trial.queries.size() - first);
    LEARNDOCK_CHECK(measure_one(trial, blend(std::span(trial.queries).subspan(first, sources)), measured));
  }
  TrialMixtures mixtures;
  mixtures.count = count;
  mixtures.milliseconds = Quantiles::of(measured.milliseconds);
  mixtures.members = Quantiles::of(measured.members);
  mixtures.evaluated = Quantiles::of(measured.evaluated);
  mixtures.mmd_squared = Quantiles::of(measured.mmd_squared);
  mixtures.gap_of_query = Quantiles::of(measured.of_query);
  mixtures.gap_of_mixture = Quantiles::of(measured.of_mixture);
  // If one learnware alone is the best mixture, nothing is left to gain.
  const auto wide = std::count_if(measured.of_query.begin(), measured.of_query.end(),
                                  [](double gap) { return gap > 0.01; });
  mixtures.within_one_percent_of_query = 1 - static_cast<double>(wide) / static_cast<double>(count);
  report.mixtures = mixtures;
  if (trial.progress) trial.progress("mixtures", count, count);
  return {};
}

}  // namespace learndock::trial
