#include "engine/mixture/certified_mixture.hpp"

#include "engine/mixture/choose_among_all.hpp"
#include "engine/mixture/choose_by_bounds.hpp"
#include "engine/mixture/choose_from_pool.hpp"
#include "engine/part/packed_sets_cache.hpp"

#include <algorithm>
#include <utility>

namespace learndock::engine {
namespace {

/// Evaluations of a proof by bounds after a pool, which take a few tenths of a second. A proof that needs
/// more would evaluate most of the market.
constexpr std::size_t kProofEvaluations = 30'000;

/// Estimates the kernel values of one set of the query's size with all learnwares, from the sizes of some of
/// them.
Result<double> products_of_a_pass(std::span<const FilteredPart> parts, std::size_t query_points) {
  constexpr std::size_t kSample = 64;
  double sum = 0;
  std::vector<double> memory;
  for (const FilteredPart& part : parts) {
    const std::size_t count = part.part->count();
    const std::size_t looked_at = std::min(kSample, count);
    double points = 0;
    for (std::size_t i = 0; i < looked_at; ++i) {
      LEARNDOCK_TRY(const compute::ReducedSetView set,
                    part.part->set(PartItem::at(i * (count / looked_at)), memory));
      points += static_cast<double>(set.count);
    }
    if (looked_at > 0) sum += static_cast<double>(part.count()) * points / static_cast<double>(looked_at);
  }
  return sum * static_cast<double>(query_points);
}

/// The moment to give up products for bounds. If there is no time to pack every reduced set, half of the time
/// goes to packing, for later searches, and the other half is kept for a mixture by bounds.
Result<Deadline> end_of_packing(ChoiceAmongAll& products, const Deadline& deadline) {
  if (!deadline) return deadline;
  const auto left = *deadline - std::chrono::steady_clock::now();
  LEARNDOCK_TRY(const CrossTermTable::Duration packing, products.packing_time());
  return packing < left / 4 * 3 ? *deadline : *deadline - left / 2;
}

/// How far the fp64 products of a step may be off, of the best aligned learnware and of the mixture itself.
double rounding_of(const MixtureState& state) {
  double mass = mass_of(state.query()), largest = 0;
  for (std::size_t i = 0; i < state.size(); ++i) mass += state.weights()[i] * mass_of(state.view(i));
  for (const FilteredPart& part : state.parts()) largest = std::max(largest, part.part->largest_mass());
  const compute::Kernel& kernel = state.parts()[0].part->kernel();
  return 2 * compute::direct_error(kernel, state.query().dimension, kLargestSet) * mass * (largest + mass);
}

/// No mixture of any learnwares is lower than this. With v = mix - u, every mixture's difference from u has a
/// component of at least <l - u, v> / |v| along v for the worst l, and <l - u, v> = |v|^2 + <mix, g> - <l,
/// g>.
double lower_bound_of(const MixtureState& state, double most) {
  const double squared = state.mmd_squared();
  if (!(squared > 0)) return 0;
  const double component = squared - std::max(0.0, most - state.own_alignment()) - rounding_of(state);
  return component > 0 ? component * component / squared : 0;
}

/// Builds one mixture, from the nearest learnware to the answer.
class MixtureSearch {
 public:
  MixtureSearch(std::span<const FilteredPart> parts, const compute::ReducedSetView& query,
                const MixtureOptions& options)
      : options_(options), state_(parts, query, options) {}

  Result<std::optional<CertifiedMixture>> run(const CertifiedHit& first) {
    // If time ends inside a product, the best mixture so far and its proof remain valid.
    if (auto done = search(first); done)
      keep_best();
    else if (done.error().code != ErrorCode::timeout)
      return Failure(std::move(done).error());
    if (!best_) return std::nullopt;
    best_->gap = gap();
    best_->evaluated = evaluated_;
    return std::move(best_);
  }

 private:
  Result<void> search(const CertifiedHit& first) {
    LEARNDOCK_CHECK(state_.add(first));
    LEARNDOCK_TRY(const bool multiply, can_multiply());
    if (ChoiceFromPool::is_possible(state_, options_.pool)) {
      LEARNDOCK_TRY(const bool prove, by_pool());
      if (!prove) return {};
      return multiply ? by_all(multiply) : note_choice_by_bounds();
    }
    return by_all(multiply);
  }

  /// Whether products with all are allowed and few enough, or there are no bounds at all.
  [[nodiscard]] Result<bool> can_multiply() const {
    if (options_.backend == nullptr) return false;
    LEARNDOCK_TRY(const double values, products_of_a_pass(state_.parts(), state_.query().count));
    const bool bounds = std::any_of(state_.parts().begin(), state_.parts().end(),
                                    [](const FilteredPart& part) { return part.part->space() != nullptr; });
    return !bounds || values <= options_.most_products.value_or(most_products(*options_.backend));
  }

  /// @return whether what is left of the gap is worth a proof
  Result<bool> by_pool() {
    ChoiceFromPool pool(options_);
    while (true) {
      LEARNDOCK_TRY(const NextMember step, pool.next(state_, evaluations_left()));
      note(step);
      if (gap() <= enough()) return false;
      const double reachable = reached() - lower_bound_of(state_, step.seen);
      if (state_.size() >= options_.max_members && reachable <= enough()) return true;
      // No later mixture is worse than this one, so from here on every proof leaves a gap that is too wide.
      const bool hopeless = reached() - state_.mmd_squared() > enough();
      LEARNDOCK_TRY(const bool more, add(step, hopeless ? options_.max_members : proof_size()));
      if (!more) return reachable <= std::max(enough(), gap() / 2) && !is_past(options_.deadline);
    }
  }

  /// Steps by products with all, or by bounds if products are unavailable.
  Result<void> by_all(bool multiply) {
    std::optional<ChoiceAmongAll> products;
    Deadline end_of_products;
    if (multiply) {
      products.emplace(state_, options_);
      LEARNDOCK_TRY(end_of_products, end_of_packing(*products, options_.deadline));
    }
    while (true) {
      auto looked = products ? products->next(state_, end_of_products) : choose_by_bounds(evaluations_left());
      if (products &&
          (looked ? looked->cut && !is_past(options_.deadline) : is_no_use(looked.error().code))) {
        products.reset();
        looked = choose_by_bounds(evaluations_left());
      }
      LEARNDOCK_TRY(const NextMember step, std::move(looked));
      note(step);
      if (gap() <= enough()) return {};
      LEARNDOCK_TRY(const bool more, add(step, products ? proof_size() : options_.max_members));
      if (!more) return {};
    }
  }

  Result<NextMember> choose_by_bounds(std::size_t most) {
    MixtureOptions left = options_;
    left.max_evaluations = most;
    return engine::choose_by_bounds(state_, left);
  }
  Result<void> note_choice_by_bounds() {
    return choose_by_bounds(std::min(evaluations_left(), kProofEvaluations))
        .map([this](const NextMember& step) { note(step); });
  }

  /// Records what a step proves. Every step proves a bound of all mixtures, and the best bound counts.
  void note(const NextMember& step) {
    evaluated_ += step.evaluated;
    lower_bound_ = std::max(lower_bound_, lower_bound_of(state_, step.most));
    keep_best();
  }
  void keep_best() {
    if (state_.size() <= options_.max_members && (!best_ || state_.mmd_squared() < best_->mmd_squared))
      best_ = state_.mixture();
  }

  /// @return whether there may be more to add
  Result<bool> add(const NextMember& step, std::size_t most) {
    if (!step.next || state_.size() >= most) return false;
    const bool last = is_past(options_.deadline);
    if (last && state_.size() >= options_.max_members) return false;
    const double before = state_.mmd_squared();
    // A learnware that was found is added even when time is over: it costs little.
    LEARNDOCK_CHECK(state_.add(*step.next));
    // Members that only rounding improves could be exchanged for ever.
    return !last && state_.mmd_squared() < before;
  }

  [[nodiscard]] double reached() const { return best_ ? best_->mmd_squared : state_.mmd_squared(); }
  [[nodiscard]] double gap() const { return std::max(0.0, reached() - lower_bound_); }
  [[nodiscard]] double enough() const {
    const bool few = state_.size() < std::min(options_.enough_members, options_.max_members);
    return state_.user_self() *
           (few ? options_.negligible_gap : std::max(options_.negligible_gap, options_.enough_gap));
  }
  [[nodiscard]] std::size_t proof_size() const {
    return std::max(options_.max_members, options_.proof_members);
  }
  [[nodiscard]] std::size_t evaluations_left() const {
    return options_.max_evaluations - std::min(options_.max_evaluations, evaluated_);
  }

  const MixtureOptions& options_;
  MixtureState state_;
  std::optional<CertifiedMixture> best_;  // of at most max_members
  std::size_t evaluated_ = 0;
  double lower_bound_ = 0;
};

}  // namespace

Result<std::optional<CertifiedMixture>> certified_mixture(std::span<const FilteredPart> parts,
                                                          const compute::ReducedSetView& query,
                                                          const CertifiedHit& first,
                                                          const MixtureOptions& options) {
  if (options.max_members < 2) return std::nullopt;
  return MixtureSearch(parts, query, options).run(first);
}

}  // namespace learndock::engine
