#include "market/searcher.hpp"

#include "learndock/compute/registry.hpp"
#include "learndock/spec/mmd.hpp"

#include "compute/parallel.hpp"
#include "market/answer_terms.hpp"
#include "market/candidates.hpp"
#include "market/compat_scores.hpp"
#include "market/indexed_search.hpp"
#include "market/mixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

namespace learndock::market {
namespace {

using SteadyClock = Deadline::Clock;

constexpr std::string_view kReference = "cpu_reference";
constexpr std::size_t kMaxTop = 1000;
constexpr std::size_t kMaxCertified = 20, kMaxMixture = 100;
constexpr std::size_t kMaxTextBytes = 256;
/// Above this the kernel sums between the pool's members are left to the fast backend.
constexpr std::size_t kMaxReferencePool = 100;

Result<void> check(const SearchRequest& request) {
  if (request.scores == ScoreMode::absolute && (request.top == 0 || request.top > kMaxTop))
    return fail(ErrorCode::invalid_argument,
                fmt::format("top is {}, it must be 1 to {}", request.top, kMaxTop), "/top");
  if (request.scores == ScoreMode::compat && request.mixture_method == MixtureMethod::certified)
    return fail(ErrorCode::invalid_argument, "compat scores go with the greedy or auto mixture",
                "/mixture_method");
  const std::size_t most = method_of(request) == MixtureMethod::certified ? kMaxCertified : kMaxMixture;
  if (members_of(request) > most)
    return fail(ErrorCode::invalid_argument,
                fmt::format("mixture is {}, it must be 0 to {}", members_of(request), most), "/mixture",
                most == kMaxCertified ? "greedy and auto take up to 100" : "");
  if (request.text.size() > kMaxTextBytes || request.semantic.name.size() > kMaxTextBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("search words are longer than {} bytes", kMaxTextBytes), "/text");
  if (request.specification) {
    LEARNDOCK_CHECK(spec::validate(*request.specification));
    if (!request.specification->gaussian())
      return fail(ErrorCode::spec_kernel,
                  "image specifications compare by a convolutional kernel, which is not built in", "/spec",
                  "search by --semantic or --text");
    if (request.scores == ScoreMode::compat && request.specification->scales > 1)
      return fail(ErrorCode::spec_kernel,
                  fmt::format("compat scores are the reference's, which knows one scale; the query has {}",
                              request.specification->scales),
                  "/spec/scales", "use absolute scores, or make the specification without --scales");
  }
  return {};
}

/// The absolute score divides by the self terms; the reference only asks for a finite one.
Result<Query> query_of(const spec::RkmeSpecification& spec, const compute::Backend& backend, ScoreMode mode) {
  Query query{spec.view(), 0, 0};
  LEARNDOCK_CHECK(backend.self_inner_products({&query.view, 1}, {&query.self, 1}));
  if (!std::isfinite(query.self) || (mode == ScoreMode::absolute && !(query.self > 0)))
    return bad_query_self(query.self);
  for (const double weight : spec.weights) query.mass += std::abs(weight);
  return query;
}

/// @param chosen  the gamma is that of the index, not of the query's own
Result<void> warn_if_blind(const spec::RkmeSpecification& query, bool chosen, const compute::Backend& backend,
                           std::vector<std::string>& warnings) {
  LEARNDOCK_TRY(const double mean, spec::mean_off_diagonal_kernel(query, backend));
  if (mean < spec::kKernelBlindThreshold)
    warnings.push_back(fmt::format(
        "kernel blind: the query's mean off-diagonal kernel value is {:.2g}, under {}; with gamma {} "
        "distances mostly reflect weight concentration. Scale the features as the learnwares' makers did and "
        "make the specification again. {}",
        mean, spec::kKernelBlindThreshold, query.gamma,
        chosen ? "That gamma is the index's: learndock reindex --gamma auto chooses another"
               : "Another gamma helps where learnwares have that gamma too: absolute scores skip the others, "
                 "--scores compat compares them"));
  return {};
}

/// The gamma that the index has chosen for what is to be compared with the request's specification.
std::optional<double> chosen_gamma(const index::Snapshot& snapshot, const SearchRequest& request) {
  if (!request.specification || request.scores != ScoreMode::absolute) return std::nullopt;
  return snapshot.kernels.gamma_of(index::KernelGroup::of(*request.specification));
}

/// One search with a statistical specification, stage by stage.
class StatisticalSearch {
 public:
  StatisticalSearch(const SearchRequest& request, bool chosen_gamma, const compute::Backend& backend,
                    unsigned threads, Deadline& deadline, SearchAnswer& answer)
      : request_(request),
        chosen_gamma_(chosen_gamma),
        backend_(backend),
        threads_(threads),
        deadline_(deadline),
        answer_(answer) {}

  /// By the stored index. @param items  null: nothing was filtered
  Result<void> run_indexed(const index::Snapshot& snapshot, const index::Bitmap* items) {
    LEARNDOCK_CHECK(warn_if_blind(*request_.specification, chosen_gamma_, backend_, answer_.warnings));
    return indexed_search({request_, snapshot, items, backend_, threads_}, deadline_, answer_);
  }

  Result<void> run(const index::Snapshot& snapshot, const Entries& entries, bool stored_self) {
    const spec::RkmeSpecification& spec = *request_.specification;
    const auto start = SteadyClock::now();
    LEARNDOCK_CHECK(warn_if_blind(spec, chosen_gamma_, backend_, answer_.warnings));
    LEARNDOCK_TRY(Query query, query_of(spec, backend_, request_.scores));
    candidates_ = comparable(snapshot, entries, spec, request_.scores, deadline_, answer_.warnings);
    if (deadline_.cut() && answer_.exact) answer_.warnings.emplace_back(kCutFilter);
    answer_.exact = all_found_ = answer_.exact && !deadline_.cut();
    LEARNDOCK_CHECK(evaluate(candidates_, query, backend_,
                             {stored_self, request_.budget_candidates.value_or(SIZE_MAX), threads_},
                             deadline_));
    answer_.evaluated = candidates_.evaluated;
    const std::size_t total = candidates_.entries.size();
    if (candidates_.evaluated < total)
      answer_.warnings.push_back(
          fmt::format("budget spent after {} of {} learnwares", candidates_.evaluated, total));
    const double unseen = drop_unusable(candidates_, query, answer_.warnings);
    std::optional<Query> reference_query;
    if (compat() && backend_.name() != kReference) {
      LEARNDOCK_TRY(reference_, compute::open_backend(kReference));
      LEARNDOCK_TRY(reference_query, query_of(spec, *reference_, request_.scores));
      const bool cut_before = deadline_.cut();
      LEARNDOCK_CHECK(refine(candidates_, *reference_query, *reference_, pool(), threads_, deadline_));
      if (deadline_.cut() && !cut_before)
        answer_.warnings.emplace_back("budget spent before near ties were settled exactly");
    }
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
  [[nodiscard]] std::size_t pool() const {
    return std::min({pool_of(request_), kMaxPool, candidates_.entries.size()});
  }

  void find_mixture(const Query& query, const std::optional<Query>& reference_query) {
    if (members_of(request_) == 0 || order_.empty()) return;
    const std::size_t nearest = order_[0];
    const double self_terms = std::abs(candidates_.self[nearest]) + std::abs(query.self);
    if (!(candidates_.distance[nearest] > kExactFit * self_terms)) return;
    if (deadline_.spent()) {
      answer_.warnings.emplace_back("no mixture: the budget was spent before");
      return;
    }
    const bool by_reference = reference_query && pool() <= kMaxReferencePool;
    auto found =
        by_reference ? compute_mixture(*reference_, *reference_query) : compute_mixture(backend_, query);
    if (!found) {
      // The singles stand on their own. Learnwares of several gammas can make the fit's matrix indefinite.
      answer_.warnings.push_back("no mixture: " + found.error().message);
      return;
    }
    mixture_ = std::move(*found);
    if (deadline_.cut()) answer_.warnings.emplace_back("the budget cut the mixture short");
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
    std::vector<std::size_t> all(candidates_.entries.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    TakenSets taken;
    LEARNDOCK_CHECK(candidates_.take_sets(all, threads_, taken));
    problem.candidates = taken.views;
    problem.candidate_self = candidates_.self;
    problem.nearest = order_[0];
    std::vector<std::string_view> ids;
    for (const index::Entry* entry : candidates_.entries) ids.push_back(entry->id());
    problem.candidate_ids = ids;
    LEARNDOCK_TRY(auto certified, certified_mixture(problem, members_of(request_)));
    if (!certified) return certified;
    // With few members a stepwise choice among the nearest is often closer; what was certified bounds both.
    LEARNDOCK_TRY(auto stepwise, mixture_of_nearest(problem, MixtureMethod::greedy));
    return better_of(std::move(*certified), std::move(stepwise));
  }

  /// By the reference's methods, over its pool: the square of the mixture's size, nearest first.
  Result<std::optional<Mixture>> mixture_of_nearest(MixtureProblem problem, MixtureMethod method) {
    if (pool() == kMaxPool && pool_of(request_) > kMaxPool)
      answer_.warnings.push_back(fmt::format("the mixture was sought among the {} nearest", kMaxPool));
    TakenSets taken;
    LEARNDOCK_CHECK(candidates_.take_sets(std::span(order_).first(pool()), threads_, taken));
    problem.candidates = taken.views;
    LEARNDOCK_TRY(auto mixture, method == MixtureMethod::greedy
                                    ? greedy_mixture(problem, members_of(request_))
                                    : auto_mixture(problem, members_of(request_)));
    if (mixture)
      for (std::size_t& member : mixture->members) member = order_[member];
    return mixture;
  }

  [[nodiscard]] MixtureHit to_hit(double score) const {
    MixtureHit hit{mixture_->mmd_squared, score, mixture_->gap, {}};
    // The certificate speaks of all candidates; after a spent budget some were not seen.
    if (deadline_.cut()) hit.gap.reset();
    for (std::size_t i = 0; i < mixture_->members.size(); ++i) {
      const index::Entry& entry = *candidates_.entries[mixture_->members[i]];
      hit.members.push_back({entry.learnware_id(), std::string(entry.name()), mixture_->weights[i]});
    }
    return hit;
  }

  void add_single(std::size_t candidate, double score) {
    const index::Entry& entry = *candidates_.entries[candidate];
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

  /// How far below the last hit a learnware that was not compared may lie.
  void tell_slack(const Query& query, double unseen) {
    // Where the filter was cut nothing is known of the rest.
    if (!all_found_) unseen = std::min(unseen, least_distance(*candidates_.snapshot, request_.scores, query));
    if (unseen == std::numeric_limits<double>::infinity()) return;
    const double last = answer_.singles.empty() ? query.self : *answer_.singles.back().mmd_squared;
    answer_.slack = std::max(0.0, last - unseen);
  }

  const SearchRequest& request_;
  bool chosen_gamma_;
  const compute::Backend& backend_;
  unsigned threads_;
  Deadline& deadline_;
  SearchAnswer& answer_;
  Candidates candidates_;
  bool all_found_ = true;  // the filter left nothing out for lack of time
  std::shared_ptr<const compute::Backend> reference_;
  std::vector<std::size_t> order_;
  std::optional<Mixture> mixture_;
};

/// How many of the filtered learnwares an answer can hold or has to compare.
std::size_t filtered_needed(const SearchRequest& request) {
  return request.specification || request.scores == ScoreMode::compat ? SIZE_MAX : request.top;
}

void fill_semantic(SearchAnswer& answer, const Entries& entries) {
  for (const index::Entry* entry : entries)
    answer.singles.push_back({entry->learnware_id(), std::string(entry->name()), {}, {}});
}

/// The request with the specification under another gamma; the answer says so.
Result<SearchAnswer> search_under(double gamma, SearchRequest request, const index::Snapshot& snapshot,
                                  const compute::Backend& backend, unsigned threads,
                                  const catalog::Catalog* catalog) {
  const double own = std::exchange(request.specification->gamma, gamma);
  LEARNDOCK_TRY(SearchAnswer answer, search_snapshot(snapshot, request, backend, threads, catalog));
  answer.warnings.insert(
      answer.warnings.begin(),
      fmt::format(
          "gamma {} in place of the query's gamma {}: the index compares {} of dimension {} under it, "
          "whatever gamma they were made with; --scores compat takes everyone's own",
          gamma, own, spec::type_name(request.specification->type), request.specification->dimension()));
  return answer;
}

}  // namespace

Result<SearchAnswer> search_snapshot(const index::Snapshot& snapshot, const SearchRequest& request,
                                     const compute::Backend& backend, unsigned threads,
                                     const catalog::Catalog* catalog) {
  const auto start = SteadyClock::now();
  LEARNDOCK_CHECK(check(request));
  const auto chosen = chosen_gamma(snapshot, request);
  if (chosen && *chosen != request.specification->gamma)
    return search_under(*chosen, request, snapshot, backend, threads, catalog);
  SearchAnswer answer;
  answer.index_version = snapshot.version;
  Deadline deadline(start, request.budget);
  // The stored index is searched by the dock's backend; another one by name, and the reference, compare
  // everything themselves.
  const bool indexed =
      backend.name() == snapshot.backend && backend.name() != kReference && is_indexed(snapshot, request);
  const bool unfiltered =
      indexed && request.text.empty() && request.semantic == spec::SemanticSpecification();
  if (threads == 0) threads = compute::usable_cores();
  const FilterRequest filter_request{request.semantic, request.text, filtered_needed(request), catalog,
                                     threads};
  Entries entries;
  index::Bitmap items;
  if (!indexed)
    entries = filter(snapshot, filter_request, deadline);
  else if (!unfiltered)
    items = filter_items(snapshot, filter_request, deadline);
  answer.timings_ms["filter"] = milliseconds_since(start);
  answer.exact = !deadline.cut();
  if (deadline.cut()) answer.warnings.emplace_back(kCutFilter);
  if (request.specification) {
    StatisticalSearch search(request, chosen.has_value(), backend, threads, deadline, answer);
    LEARNDOCK_CHECK(indexed ? search.run_indexed(snapshot, unfiltered ? nullptr : &items)
                            : search.run(snapshot, entries, snapshot.backend == backend.name()));
  } else {
    fill_semantic(answer, entries);
  }
  answer.timings_ms["total"] = milliseconds_since(start);
  return answer;
}

}  // namespace learndock::market
