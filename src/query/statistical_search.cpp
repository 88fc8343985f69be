#include "query/statistical_search.hpp"

#include "learndock/base/json.hpp"
#include "learndock/compute/registry.hpp"
#include "learndock/specification/mmd.hpp"

#include "query/compat/candidates.hpp"
#include "query/compat/compat_scores.hpp"
#include "query/compat/mixture.hpp"
#include "query/compat/timed_products.hpp"
#include "query/request/answer_terms.hpp"
#include "query/set_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <span>
#include <unordered_set>
#include <utility>

namespace learndock::query {
namespace {

using SteadyClock = Deadline::Clock;

/// For a larger pool the fast backend computes the kernel sums between its members.
constexpr std::size_t kMaxReferencePool = 100;

Failure slow_query(const compute::ReducedSetView& view) {
  return fail(ErrorCode::timeout,
              fmt::format("a query of {} points of dimension {} takes longer to set up than a search may",
                          view.count, view.dimension),
              "/spec", "make the specification with fewer --points");
}

/// The absolute score divides by the self terms; the reference only asks for a finite one.
Result<Query> query_of(const specification::RkmeSpecification& spec, const compute::Backend& backend,
                       ScoreMode mode, const Deadline& deadline) {
  Query query{spec.view(), 0, 0};
  Deadline end = deadline.at_least(kSetUp);
  LEARNDOCK_TRY(const auto self, self_product_in_time(backend, query.view, &end));
  if (!self) return slow_query(query.view);
  query.self = *self;
  if (!std::isfinite(query.self) || (mode == ScoreMode::absolute && !(query.self > 0)))
    return bad_query_self(query.self);
  for (const double weight : spec.weights) query.mass += std::abs(weight);
  return query;
}

/// Runs one search with a statistical specification, stage by stage.
class StatisticalSearch {
 public:
  StatisticalSearch(const SearchRequest& request, bool chosen_kernel, const SearchMeans& means,
                    Deadline& deadline, SearchAnswer& answer)
      : request_(request),
        chosen_kernel_(chosen_kernel),
        backend_(means.backend),
        threads_(means.threads),
        max_points_(means.max_points),
        deadline_(deadline),
        answer_(answer) {}

  Result<void> run(const learnwares::Snapshot& snapshot, const learnwares::Selection& entries,
                   bool stored_self) {
    const specification::RkmeSpecification& spec = *request_.specification;
    const auto start = SteadyClock::now();
    LEARNDOCK_CHECK(warn_if_blind(spec, chosen_kernel_, backend_, answer_.warnings));
    LEARNDOCK_TRY(Query query, query_of(spec, backend_, request_.scores, deadline_));
    candidates_ = comparable(snapshot, entries, spec, request_.scores, deadline_, answer_.warnings);
    if (deadline_.cut() && answer_.exact) answer_.warnings.push_back(cut_filter());
    answer_.exact = all_found_ = answer_.exact && !deadline_.cut();
    LEARNDOCK_TRY(const double unseen, compare(query, stored_self));
    LEARNDOCK_TRY(const std::optional<Query> reference_query, settle_ties());
    order_ = ranked(candidates_, request_.scores,
                    compat() ? candidates_.entries.size() : std::max(request_.top, pool()));
    answer_.timings_ms["mmd"] = milliseconds_since(start);
    answer_.exact = answer_.exact && !deadline_.cut();
    const auto mixture_start = SteadyClock::now();
    find_mixture(query, reference_query);
    answer_.timings_ms["mixture"] = milliseconds_since(mixture_start);
    // Compat scores are relative to the mixture's too.
    if (compat()) answer_.exact = answer_.exact && !deadline_.cut();
    compat() ? fill_compat() : fill_absolute(query.self);
    tell_slack(query, unseen);
    return {};
  }

 private:
  [[nodiscard]] bool compat() const { return request_.scores == ScoreMode::compat; }

  /// Computes distances, as many as the budgets allow. @return a lower bound of the others
  Result<double> compare(const Query& query, bool stored_self) {
    LEARNDOCK_CHECK(evaluate(candidates_, query, backend_,
                             {stored_self, request_.budget_candidates.value_or(SIZE_MAX), threads_},
                             deadline_));
    answer_.evaluated = candidates_.evaluated;
    const std::size_t total = candidates_.entries.size();
    if (candidates_.evaluated < total)
      answer_.warnings.push_back(
          {WarningCode::budget_singles,
           fmt::format("budget spent after {} of {} learnwares", candidates_.evaluated, total),
           Json{{"compared", candidates_.evaluated}, {"comparable", total}}});
    return drop_unusable(candidates_, query, answer_.warnings);
  }

  /// Computes what decides a compat answer again by the reference backend. @return the query as it computes
  /// it; none: the answer is not compat, or it was the reference that computed it
  Result<std::optional<Query>> settle_ties() {
    if (!compat() || backend_.name() == kReference) return std::nullopt;
    LEARNDOCK_TRY(reference_, compute::open_backend(kReference));
    LEARNDOCK_TRY(const Query query,
                  query_of(*request_.specification, *reference_, request_.scores, deadline_));
    const bool cut_before = deadline_.cut();
    LEARNDOCK_CHECK(refine(candidates_, query, *reference_, pool(), threads_, deadline_));
    if (deadline_.cut() && !cut_before)
      answer_.warnings.push_back(
          {WarningCode::budget_ties, "budget spent before near ties were settled exactly"});
    return query;
  }

  [[nodiscard]] std::size_t pool() const {
    return std::min({pool_of(request_), kMaxPool, candidates_.entries.size()});
  }

  void find_mixture(const Query& query, const std::optional<Query>& reference_query) {
    if (members_of(request_) == 0 || order_.empty()) return;
    leave_out_odd();
    const std::size_t nearest = order_[0];
    const double self_terms = std::abs(candidates_.self[nearest]) + std::abs(query.self);
    if (!(candidates_.distance[nearest] > kExactFit * self_terms)) return;
    if (mixable_.empty()) return;
    if (deadline_.spent()) {
      answer_.warnings.push_back(no_time_for_mixture());
      return;
    }
    const bool by_reference = reference_query && pool() <= kMaxReferencePool;
    auto found =
        by_reference ? compute_mixture(*reference_, *reference_query) : compute_mixture(backend_, query);
    if (!found) {
      // The singles do not need the mixture. Learnwares of several gammas can make the fit's matrix
      // indefinite.
      answer_.warnings.push_back(no_mixture(found.error()));
      return;
    }
    mixture_ = std::move(*found);
    if (deadline_.cut()) answer_.warnings.push_back(cut_mixture());
  }

  Result<std::optional<Mixture>> compute_mixture(const compute::Backend& backend, const Query& query) {
    const MixtureMethod method = method_of(request_);
    MixtureProblem problem{.backend = backend,
                           .user = query.view,
                           .user_self = query.self,
                           .candidates = {},
                           .threads = threads_,
                           .deadline = &deadline_};
    if (method != MixtureMethod::certified) return mixture_of_nearest(problem, method);
    LEARNDOCK_TRY(auto certified, certified(problem));
    if (!certified) return certified;
    // With few members a stepwise choice among the nearest is often closer; the certified bound is valid for
    // both.
    LEARNDOCK_TRY(auto stepwise, mixture_of_nearest(problem, MixtureMethod::greedy));
    return better_of(std::move(*certified), std::move(stepwise));
  }

  Result<std::optional<Mixture>> certified(MixtureProblem problem) {
    std::vector<std::size_t> usable;
    for (std::size_t i = 0; i < candidates_.entries.size(); ++i)
      if (!odd_.contains(i)) usable.push_back(i);
    TakenSets taken;
    LEARNDOCK_CHECK(candidates_.take_sets(usable, threads_, taken));
    problem.candidates = taken.views;
    std::vector<double> self;
    std::vector<std::string_view> ids;
    for (const std::size_t i : usable) {
      self.push_back(candidates_.self[i]);
      ids.push_back(candidates_.entries[i]->id());
    }
    problem.candidate_self = self;
    problem.candidate_ids = ids;
    problem.nearest = static_cast<std::size_t>(std::lower_bound(usable.begin(), usable.end(), mixable_[0]) -
                                               usable.begin());
    LEARNDOCK_TRY(auto mixture, certified_mixture(problem, members_of(request_)));
    if (mixture)
      for (std::size_t& member : mixture->members) member = usable[member];
    return mixture;
  }

  /// Leaves odd learnwares out of the mixture; they are only compared with the user (see set_limits.hpp).
  /// `mixable_` are the others, nearest first.
  void leave_out_odd() {
    LeftOut left_out;
    for (std::size_t i = 0; i < candidates_.entries.size(); ++i) {
      const auto why = oddity_of(*candidates_.entries[i], max_points_);
      if (!why) continue;
      odd_.insert(i);
      left_out.add(*candidates_.entries[i], *why);
    }
    left_out.warn(answer_.warnings);
    mixable_ = odd_.empty() ? order_ : ranked(candidates_, request_.scores, pool() + odd_.size());
    std::erase_if(mixable_, [&](std::size_t i) { return odd_.contains(i); });
  }

  /// A mixture by the reference's methods over the reference's pool: the square of the mixture's size,
  /// nearest first.
  Result<std::optional<Mixture>> mixture_of_nearest(MixtureProblem problem, MixtureMethod method) {
    if (pool() == kMaxPool && pool_of(request_) > kMaxPool) answer_.warnings.push_back(pooled_mixture());
    const auto chosen = std::span<const std::size_t>(mixable_).first(std::min(pool(), mixable_.size()));
    TakenSets taken;
    LEARNDOCK_CHECK(candidates_.take_sets(chosen, threads_, taken));
    problem.candidates = taken.views;
    std::vector<double> self;
    for (const std::size_t i : chosen) self.push_back(candidates_.self[i]);
    // All terms of one fit round alike: the self terms are those of the same backend.
    if (&problem.backend == &backend_ && !compat()) problem.known_self = self;
    LEARNDOCK_TRY(auto mixture, method == MixtureMethod::greedy
                                    ? greedy_mixture(problem, members_of(request_))
                                    : auto_mixture(problem, members_of(request_)));
    if (mixture)
      for (std::size_t& member : mixture->members) member = mixable_[member];
    return mixture;
  }

  [[nodiscard]] MixtureHit to_hit(double score) const {
    MixtureHit hit{mixture_->mmd_squared, score, mixture_->gap, {}};
    // The gap is about all candidates; after a spent budget some were not seen.
    if (deadline_.cut()) hit.gap.reset();
    for (std::size_t i = 0; i < mixture_->members.size(); ++i) {
      const learnwares::Entry& entry = *candidates_.entries[mixture_->members[i]];
      hit.members.push_back({entry.learnware_id(), std::string(entry.name()), mixture_->weights[i]});
    }
    return hit;
  }

  void add_single(std::size_t candidate, double score) {
    const learnwares::Entry& entry = *candidates_.entries[candidate];
    answer_.singles.push_back(
        {entry.learnware_id(), std::string(entry.name()), candidates_.distance[candidate], score});
  }

  void fill_compat() {
    std::vector<double> distances;
    distances.reserve(order_.size());
    for (const std::size_t i : order_) distances.push_back(candidates_.distance[i]);
    const auto selection =
        compat_selection(distances, mixture_ ? std::optional(mixture_->mmd_squared) : std::nullopt);
    for (std::size_t i = 0; i < selection.scores.size(); ++i) add_single(order_[i], selection.scores[i]);
    if (mixture_ && selection.mixture_score) answer_.mixture = to_hit(*selection.mixture_score);
  }

  void fill_absolute(double query_self) {
    for (std::size_t i = 0; i < std::min(request_.top, order_.size()); ++i)
      add_single(order_[i],
                 absolute_score(candidates_.distance[order_[i]], candidates_.self[order_[i]], query_self));
    if (!mixture_) return;
    // <mix, mix> from MMD^2 = <mix, mix> - 2 <mix, u> + <u, u>.
    double with_user = 0;
    for (std::size_t i = 0; i < mixture_->members.size(); ++i)
      with_user += mixture_->weights[i] * candidates_.user[mixture_->members[i]];
    const double mixture_self = mixture_->mmd_squared + 2 * with_user - query_self;
    answer_.mixture = to_hit(absolute_score(mixture_->mmd_squared, mixture_self, query_self));
  }

  /// Sets `slack`: how far below the last hit a learnware that was not compared may be.
  void tell_slack(const Query& query, double unseen) {
    // If the filter was cut, nothing is known of the rest.
    if (!all_found_) unseen = std::min(unseen, least_distance(*candidates_.snapshot, request_.scores, query));
    if (unseen == std::numeric_limits<double>::infinity()) return;
    const double last = answer_.singles.empty() ? query.self : *answer_.singles.back().mmd_squared;
    answer_.slack = std::max(0.0, last - unseen);
  }

  const SearchRequest& request_;
  bool chosen_kernel_;
  const compute::Backend& backend_;
  unsigned threads_;
  std::size_t max_points_;
  Deadline& deadline_;
  SearchAnswer& answer_;
  Candidates candidates_;
  bool all_found_ = true;  // the filter left nothing out for lack of time
  std::shared_ptr<const compute::Backend> reference_;
  std::vector<std::size_t> order_;
  std::unordered_set<std::size_t> odd_;  // candidates that no mixture is made of
  std::vector<std::size_t> mixable_;     // the other candidates, the nearest of them in order
  std::optional<Mixture> mixture_;
};

}  // namespace

Result<void> warn_if_blind(const specification::RkmeSpecification& query, bool chosen,
                           const compute::Backend& backend, Warnings& warnings) {
  LEARNDOCK_TRY(const double mean, specification::mean_off_diagonal_kernel(query, backend));
  if (mean < specification::kKernelBlindThreshold)
    warnings.push_back(
        {WarningCode::kernel_blind,
         fmt::format(
             "kernel blind: the query's mean off-diagonal kernel value is {:.2g}, under {}; with gamma {} "
             "distances mostly reflect weight concentration. Scale the features as the learnwares' makers "
             "did and "
             "make the specification again. {}",
             mean, specification::kKernelBlindThreshold, query.kernel.gamma,
             chosen ? "That gamma is the index's: learndock reindex --gamma auto chooses another"
                    : "Another gamma helps where learnwares have that gamma too: absolute scores skip the "
                      "others, "
                      "--scores compat compares them"),
         Json{{"of", "query"},
              {"mean_kernel", mean},
              {"threshold", specification::kKernelBlindThreshold},
              {"gamma", query.kernel.gamma}}});
  return {};
}

Result<void> statistical_search(const StatisticalTask& task, const SearchMeans& means, Deadline& deadline,
                                SearchAnswer& answer) {
  StatisticalSearch search(task.request, task.chosen_kernel, means, deadline, answer);
  return search.run(task.snapshot, task.entries, task.snapshot.backend == means.backend.name());
}

}  // namespace learndock::query
