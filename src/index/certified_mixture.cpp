#include "learndock/index/certified_mixture.hpp"

#include "index/mixture_steps.hpp"
#include "index/packed_runs.hpp"

#include <algorithm>
#include <utility>

namespace learndock::index {
namespace {

/// More points than a reduced set has.
constexpr std::size_t kLargestSet = 65'536;

/// Kernel values of one set like the query with all learnwares, from the sizes of some of them.
Result<double> products_of_a_pass(std::span<const FilteredPart> parts, std::size_t query_points) {
  constexpr std::size_t kSample = 64;
  double sum = 0;
  std::vector<double> memory;
  for (const FilteredPart& part : parts) {
    const std::size_t count = part.part->count();
    const std::size_t looked_at = std::min(kSample, count);
    double points = 0;
    for (std::size_t i = 0; i < looked_at; ++i) {
      LEARNDOCK_TRY(const compute::ReducedSetView set, part.part->set(i * (count / looked_at), memory));
      points += static_cast<double>(set.count);
    }
    if (looked_at > 0) sum += static_cast<double>(part.count()) * points / static_cast<double>(looked_at);
  }
  return sum * static_cast<double>(query_points);
}

/// Values that fp32 cannot hold, or no room on a device: the index answers too.
bool is_no_use(ErrorCode of_products) {
  return of_products == ErrorCode::invalid_argument || of_products == ErrorCode::device_memory;
}

bool late(const Deadline& deadline) { return deadline && std::chrono::steady_clock::now() >= *deadline; }

/// When to give up products for bounds. Where there is no time to pack every reduced set, half of it goes to
/// packing, for later searches, and the other half is kept for a mixture by bounds.
Result<Deadline> end_of_packing(ProductSteps& products, const Deadline& deadline) {
  if (!deadline) return deadline;
  const auto left = *deadline - std::chrono::steady_clock::now();
  LEARNDOCK_TRY(const ProductTable::Duration packing, products.packing_time());
  return packing < left / 4 * 3 ? *deadline : *deadline - left / 2;
}

/// How far the fp64 products of a step may be off, of the best aligned learnware and of the mixture itself.
double rounding_of(const MixtureState& state) {
  double mass = mass_of(state.query()), largest = 0;
  for (std::size_t i = 0; i < state.size(); ++i) mass += state.weights()[i] * mass_of(state.view(i));
  for (const FilteredPart& part : state.parts()) largest = std::max(largest, part.part->largest_mass());
  const compute::GaussianKernel& kernel = state.parts()[0].part->kernel();
  return 2 * compute::direct_error(kernel, state.query().dimension, kLargestSet) * mass * (largest + mass);
}

/// No mixture of any learnwares lies lower than this. With v = mix - u, every mixture's difference from u has
/// a component of at least <l - u, v> / |v| along v for the worst l, and <l - u, v> = |v|^2 + <mix, g> - <l,
/// g>.
double lower_bound_of(const MixtureState& state, double most) {
  const double squared = state.mmd_squared();
  if (!(squared > 0)) return 0;
  const double component = squared - std::max(0.0, most - state.own_alignment()) - rounding_of(state);
  return component > 0 ? component * component / squared : 0;
}

}  // namespace

Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                          const compute::ReducedSetView& query,
                                                          const CertifiedHit& first,
                                                          const MixtureOptions& options) {
  if (options.max_members < 2) return std::nullopt;
  MixtureState state(parts, query, options);
  LEARNDOCK_CHECK(state.add(first));
  std::optional<ProductSteps> products;
  if (options.backend != nullptr) {
    LEARNDOCK_TRY(const double values, products_of_a_pass(parts, query.count));
    const bool bounds = std::any_of(parts.begin(), parts.end(),
                                    [](const FilteredPart& part) { return part.part->space() != nullptr; });
    if (!bounds || values <= options.most_products.value_or(most_products(*options.backend)))
      products.emplace(state, options);
  }
  Deadline end_of_products;
  if (products) {
    LEARNDOCK_TRY(end_of_products, end_of_packing(*products, options.deadline));
  }
  std::optional<CertifiedMixture> best;  // of at most max_members
  std::size_t evaluated = 0;
  double lower_bound = 0;  // of any mixture; every step proves one, and the best of them holds
  while (true) {
    MixtureOptions left = options;
    left.max_evaluations -= std::min(left.max_evaluations, evaluated);
    auto looked = products ? products->next(state, end_of_products) : step_by_index(state, left);
    if (products && (looked ? looked->cut && !late(options.deadline) : is_no_use(looked.error().code))) {
      products.reset();
      looked = step_by_index(state, left);
    }
    LEARNDOCK_TRY(const MixtureStep step, std::move(looked));
    evaluated += step.evaluated;
    lower_bound = std::max(lower_bound, lower_bound_of(state, step.most));
    if (state.size() <= options.max_members && (!best || state.mmd_squared() < best->mmd_squared))
      best = state.mixture();
    const double before = state.mmd_squared();
    const double reached = best ? best->mmd_squared : before;
    const std::size_t most =
        products ? std::max(options.max_members, options.proof_members) : options.max_members;
    const double enough = state.size() < options.max_members
                              ? options.negligible_gap
                              : std::max(options.negligible_gap, options.proof_gap);
    if (state.size() >= most || reached - lower_bound <= enough * state.user_self() || !step.next) break;
    const bool last = late(options.deadline);
    if (last && state.size() >= options.max_members) break;
    // What was found is added whatever the time: it costs little.
    LEARNDOCK_CHECK(state.add(*step.next));
    // Weights that rounding alone improves could be exchanged for ever.
    if (last || !(state.mmd_squared() < before)) break;
  }
  if (state.size() <= options.max_members && (!best || state.mmd_squared() < best->mmd_squared))
    best = state.mixture();
  if (!best) return std::nullopt;
  best->gap = std::max(0.0, best->mmd_squared - lower_bound);
  best->evaluated = evaluated;
  return best;
}

}  // namespace learndock::index
