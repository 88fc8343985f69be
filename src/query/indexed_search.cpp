#include "query/indexed_search.hpp"

#include "learndock/base/json.hpp"
#include "learndock/specification/mmd.hpp"

#include "engine/mixture/certified_mixture.hpp"
#include "query/blind_check.hpp"
#include "query/comparable_parts.hpp"
#include "query/compat/mixture.hpp"
#include "query/request/answer_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace learndock::query {
namespace {

using SteadyClock = Deadline::Clock;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The time that a stepwise choice takes before it looks at the clock, for each learnware that it chooses
/// from.
constexpr std::chrono::microseconds kPooled{10};

/// Finds the singles of one search, then the mixture.
class Answering {
 public:
  Answering(const IndexedSearch& search, ComparableParts& comparable, Deadline& deadline,
            SearchAnswer& answer)
      : search_(search),
        comparable_(comparable),
        deadline_(deadline),
        answer_(answer),
        all_found_(answer.exact) {}

  Result<void> run() {
    const auto start = SteadyClock::now();
    const compute::ReducedSetView query = search_.request.specification->view();
    engine::CertifiedOptions options;
    options.top = std::max(search_.request.top, pool());
    options.threads = search_.threads;
    options.deadline = deadline_.end();
    if (search_.request.budget_candidates)
      options.max_evaluations = *search_.request.budget_candidates;
    else
      options.backend = &search_.backend;
    LEARNDOCK_TRY(auto answers, engine::certified_search(comparable_.parts(), {&query, 1}, options));
    found_ = std::move(answers[0]);
    query_self_ = found_.query_self;
    if (!std::isfinite(query_self_) || !(query_self_ > 0)) return bad_query_self(query_self_);
    LEARNDOCK_CHECK(fill_singles());
    answer_.timings_ms["mmd"] = milliseconds_since(start);
    const auto mixture_start = SteadyClock::now();
    LEARNDOCK_CHECK(find_mixture(query));
    answer_.timings_ms["mixture"] = milliseconds_since(mixture_start);
    return {};
  }

 private:
  [[nodiscard]] std::size_t pool() const {
    return std::min({pool_of(search_.request), kMaxPool, comparable_.count()});
  }
  [[nodiscard]] double self(const engine::CertifiedHit& hit) const {
    return comparable_.parts()[hit.part].part->self(hit.item);
  }

  Result<void> fill_singles() {
    const std::size_t listed = std::min(search_.request.top, found_.hits.size());
    // `exact` and `slack` are judged by the listed hits: the mixture's pool may be longer.
    const double last = listed == 0 ? query_self_ : found_.hits[listed - 1].mmd_squared;
    const bool complete = listed == search_.request.top || found_.hits.size() == comparable_.count();
    const bool proved = found_.unseen == kInfinity || (complete && found_.unseen > last);
    answer_.evaluated = found_.evaluated;
    if (!proved) answer_.slack = std::max(0.0, last - std::max(found_.unseen, 0.0));
    if (!answer_.exact)
      answer_.slack = std::max(0.0, last);  // the filter was cut, and nothing is known of the rest
    answer_.exact = answer_.exact && proved;
    const bool candidates_spent =
        !proved && found_.evaluated >= search_.request.budget_candidates.value_or(SIZE_MAX);
    if (candidates_spent) deadline_.cut_short();
    // `spent` also tells the deadline's owner that something was left undone. A search ends before its
    // deadline if the time left is too short for the rest.
    const bool time_spent = !proved && (deadline_.spent() || (deadline_.limited() && !is_approximate()));
    if (time_spent) deadline_.cut_short();
    if (candidates_spent || time_spent)
      answer_.warnings.push_back({WarningCode::budget_singles,
                                  fmt::format("budget spent after {} of {} learnwares were compared",
                                              found_.evaluated, comparable_.count()),
                                  Json{{"compared", found_.evaluated}, {"comparable", comparable_.count()}}});
    if (is_approximate())
      answer_.warnings.push_back(
          {WarningCode::approximate_index,
           "approximate: the current index (hnsw) proves nothing; reindex with another --prefilter",
           Json{{"prefilter", "hnsw"}}});
    for (std::size_t i = 0; i < listed; ++i) {
      const engine::CertifiedHit& hit = found_.hits[i];
      LEARNDOCK_TRY(const learnwares::Entry* const entry, comparable_.entry(hit));
      answer_.singles.push_back({entry->learnware_id(), std::string(entry->name()), hit.mmd_squared,
                                 absolute_score(hit.mmd_squared, self(hit), query_self_)});
    }
    return {};
  }

  /// Whether a prefilter was asked that proves nothing.
  [[nodiscard]] bool is_approximate() const {
    return std::any_of(comparable_.parts().begin(), comparable_.parts().end(), [](const auto& part) {
      return part.part->space() != nullptr && !part.part->prefilter().certified();
    });
  }

  Result<void> find_mixture(const compute::ReducedSetView& query) {
    if (members_of(search_.request) == 0 || found_.hits.empty()) return {};
    const engine::CertifiedHit& nearest = found_.hits[0];
    if (!(nearest.mmd_squared > kExactFit * (std::abs(self(nearest)) + std::abs(query_self_)))) return {};
    LEARNDOCK_TRY(mixed_, comparable_.mixed());
    mixed_->left_out.warn(answer_.warnings);
    if (mixed_->empty()) return {};
    if (deadline_.spent()) {
      answer_.warnings.push_back(no_time_for_mixture());
      return {};
    }
    LEARNDOCK_CHECK(find_mixable(query));
    if (mixable_.empty()) return {};
    auto found = best_mixture(query);
    if (!found && found.error().code == ErrorCode::corrupt) return Failure(std::move(found).error());
    if (!found) {
      answer_.warnings.push_back(no_mixture(found.error()));
      return {};
    }
    if (deadline_.cut()) answer_.warnings.push_back(cut_mixture());
    if (!*found) return {};
    LEARNDOCK_TRY(answer_.mixture, to_hit(**found));
    return {};
  }

  /// Finds the hits that mixtures may be made of, or the nearest such learnware if all hits are odd.
  Result<void> find_mixable(const compute::ReducedSetView& query) {
    for (const engine::CertifiedHit& hit : found_.hits)
      if (mixed_->has(hit)) mixable_.push_back(hit);
    if (!mixable_.empty()) return {};
    engine::CertifiedOptions options;
    options.top = 1;
    options.threads = search_.threads;
    options.deadline = deadline_.end();
    LEARNDOCK_TRY(auto nearest, engine::certified_search(mixed_->parts, {&query, 1}, options));
    mixable_ = std::move(nearest[0].hits);
    return {};
  }

  /// A mixture's members as hits, whichever method found it.
  using Found = MixtureOf<engine::CertifiedHit>;

  Result<std::optional<Found>> best_mixture(const compute::ReducedSetView& query) {
    const MixtureMethod method = method_of(search_.request);
    if (method != MixtureMethod::certified) return of_nearest(query, method);
    engine::MixtureOptions options;
    options.max_members = members_of(search_.request);
    options.proof_members = proof_members(members_of(search_.request));
    options.threads = search_.threads;
    options.deadline = deadline_.end();
    options.query_self = query_self_;
    if (search_.request.budget_candidates)
      options.max_evaluations = *search_.request.budget_candidates;
    else
      options.backend = &search_.backend;
    auto certified = engine::certified_mixture(mixed_->parts, query, mixable_[0], options);
    if (!certified) return Failure(std::move(certified).error());
    static_cast<void>(deadline_.spent());  // so that the answer says that the mixture was cut
    if (!*certified) return std::nullopt;
    engine::CertifiedMixture& proved = **certified;
    Found first{std::move(proved.members), std::move(proved.weights), proved.mmd_squared, proved.gap};
    if (deadline_.spent(kPooled * static_cast<int>(pool()))) return first;
    // With few members a stepwise choice among the nearest is often closer; the certified bound is valid for
    // both.
    LEARNDOCK_TRY(auto stepwise, of_nearest(query, MixtureMethod::greedy));
    return better_of(std::move(first), std::move(stepwise));
  }

  /// A mixture of the nearest learnwares by the reference's methods.
  Result<std::optional<Found>> of_nearest(const compute::ReducedSetView& query, MixtureMethod method) {
    if (pool() == kMaxPool && pool_of(search_.request) > kMaxPool)
      answer_.warnings.push_back(pooled_mixture());
    const std::size_t count = std::min(pool(), mixable_.size());
    std::vector<std::vector<double>> memory(count);
    std::vector<compute::ReducedSetView> views;
    for (std::size_t i = 0; i < count; ++i) {
      const engine::CertifiedHit& hit = mixable_[i];
      LEARNDOCK_TRY(views.emplace_back(), comparable_.parts()[hit.part].part->set(hit.item, memory[i]));
    }
    const MixtureProblem problem{.backend = search_.backend,
                                 .user = query,
                                 .user_self = query_self_,
                                 .candidates = views,
                                 .threads = search_.threads,
                                 .deadline = &deadline_};
    LEARNDOCK_TRY(auto mixture, method == MixtureMethod::greedy
                                    ? greedy_mixture(problem, members_of(search_.request))
                                    : auto_mixture(problem, members_of(search_.request)));
    if (!mixture) return std::nullopt;
    Found found{{}, std::move(mixture->weights), mixture->mmd_squared, mixture->gap};
    for (const std::size_t member : mixture->members) found.members.push_back(mixable_[member]);
    return found;
  }

  [[nodiscard]] Result<MixtureHit> to_hit(const Found& found) const {
    // <mix, mix> from MMD^2 = <mix, mix> - 2 <mix, u> + <u, u>, and <l, u> from each member's own distance.
    double with_user = 0;
    for (std::size_t i = 0; i < found.members.size(); ++i) {
      const engine::CertifiedHit& hit = found.members[i];
      with_user += found.weights[i] * (self(hit) + query_self_ - hit.mmd_squared) / 2;
    }
    const double own = found.mmd_squared + 2 * with_user - query_self_;
    MixtureHit hit{found.mmd_squared, absolute_score(found.mmd_squared, own, query_self_), found.gap, {}};
    // After a spent budget there are bounds of learnwares that were not compared, but none of those that were
    // not even found.
    if (!all_found_) hit.gap.reset();
    for (std::size_t i = 0; i < found.members.size(); ++i) {
      LEARNDOCK_TRY(const learnwares::Entry* const entry, comparable_.entry(found.members[i]));
      hit.members.push_back({entry->learnware_id(), std::string(entry->name()), found.weights[i]});
    }
    return hit;
  }

  const IndexedSearch& search_;
  ComparableParts& comparable_;
  Deadline& deadline_;
  SearchAnswer& answer_;
  bool all_found_;  // the filter left nothing out for lack of time
  double query_self_ = 0;
  engine::CertifiedAnswer found_;
  const MixedParts* mixed_ = nullptr;
  std::vector<engine::CertifiedHit> mixable_;
};

/// Warns if a space is kernel blind, which the sample of its parts tells.
void warn_if_space_is_blind(const ComparableParts& comparable, Warnings& warnings) {
  for (const engine::FilteredPart& part : comparable.parts()) {
    if (part.part->space() == nullptr) continue;
    const double mean = part.part->space()->subspace().statistics.mean_kernel;
    if (!(mean < specification::kKernelBlindThreshold)) continue;
    warnings.push_back(
        {WarningCode::kernel_blind, blind_space_warning("this space", mean),
         Json{{"of", "dock"}, {"mean_kernel", mean}, {"threshold", specification::kKernelBlindThreshold}}});
    return;
  }
}

}  // namespace

bool is_indexed(const learnwares::Snapshot& snapshot, const SearchRequest& request) {
  if (!snapshot.parts || !snapshot.semantic || !request.specification ||
      request.scores != ScoreMode::absolute)
    return false;
  const specification::SpaceId key = specification::SpaceId::of(*request.specification);
  return std::any_of(snapshot.parts->parts.begin(), snapshot.parts->parts.end(),
                     [&](const auto& part) { return part->space == key; });
}

Result<void> indexed_search(const IndexedSearch& search, Deadline& deadline, SearchAnswer& answer) {
  const auto start = SteadyClock::now();
  ComparableParts comparable({search.request, search.snapshot, search.items, search.max_points}, deadline,
                             answer.warnings);
  answer.timings_ms["filter"] += milliseconds_since(start);
  if (comparable.cut() && answer.exact) answer.warnings.push_back(cut_filter());
  answer.exact = answer.exact && !comparable.cut();
  if (comparable.parts().empty()) return {};
  warn_if_space_is_blind(comparable, answer.warnings);
  return Answering(search, comparable, deadline, answer).run();
}

}  // namespace learndock::query
