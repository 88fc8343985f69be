#include "market/searcher.hpp"

#include "learndock/spec/mmd.hpp"

#include "market/compat_scores.hpp"
#include "market/mixture.hpp"
#include "market/semantic_filter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

namespace learndock::market {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxTop = 1000;
constexpr std::size_t kMaxMixture = 20;
constexpr std::size_t kMaxTextBytes = 256;
/// Learnwares compared between two looks at the clock.
constexpr std::size_t kBatch = 4096;

double milliseconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

Result<void> check(const SearchRequest& request) {
  if (request.top == 0 || request.top > kMaxTop)
    return fail(ErrorCode::invalid_argument,
                fmt::format("top is {}, it must be 1 to {}", request.top, kMaxTop), "/top");
  if (request.mixture > kMaxMixture)
    return fail(ErrorCode::invalid_argument,
                fmt::format("mixture is {}, it must be 0 to {}", request.mixture, kMaxMixture), "/mixture");
  if (request.text.size() > kMaxTextBytes || request.semantic.name.size() > kMaxTextBytes)
    return fail(ErrorCode::invalid_argument,
                fmt::format("search words are longer than {} bytes", kMaxTextBytes), "/text");
  if (request.specification) {
    LEARNDOCK_CHECK(spec::validate(*request.specification));
    if (!request.specification->gaussian())
      return fail(ErrorCode::spec_kernel,
                  "image specifications compare by a convolutional kernel, which is not built in", "/spec",
                  "search by --semantic or --text");
  }
  if (request.scores == ScoreMode::compat && request.mixture_method == MixtureMethod::certified)
    return fail(ErrorCode::invalid_argument, "compat scores go with the greedy or auto mixture",
                "/mixture_method");
  return {};
}

/// The learnwares that can be compared with the query, and what is known of each.
struct Candidates {
  Entries entries;
  std::vector<compute::ReducedSetView> views;
  std::vector<double> self;
  std::vector<double> user;      // <l, u>, filled up to `evaluated`
  std::vector<double> distance;  // MMD^2
  std::size_t evaluated = 0;

  void keep(const std::vector<std::size_t>& order) {
    Candidates kept;
    for (const std::size_t i : order) {
      kept.entries.push_back(entries[i]);
      kept.views.push_back(views[i]);
      kept.self.push_back(self[i]);
      kept.user.push_back(user[i]);
      kept.distance.push_back(distance[i]);
    }
    kept.evaluated = evaluated;
    *this = std::move(kept);
  }
};

void warn_skipped(std::vector<std::string>& warnings, std::size_t count, std::string_view why) {
  if (count > 0)
    warnings.push_back(fmt::format("{} learnware{} skipped: {}", count, count == 1 ? "" : "s", why));
}

bool speaks_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& code) {
    return std::find(have.begin(), have.end(), code) != have.end();
  });
}

Candidates comparable(const Entries& entries, const spec::RkmeSpecification& query, ScoreMode mode,
                      std::vector<std::string>& warnings) {
  Candidates candidates;
  std::size_t without = 0, other_type = 0, other_shape = 0, other_gamma = 0, other_language = 0;
  for (const auto& entry : entries) {
    const auto& spec = entry->specification;
    if (!spec) {
      ++without;
    } else if (spec->type != query.type) {
      ++other_type;
    } else if (spec->trailing_shape != query.trailing_shape) {
      ++other_shape;
    } else if (mode == ScoreMode::absolute && std::abs(spec->gamma - query.gamma) > 1e-12 * query.gamma) {
      ++other_gamma;  // another kernel is another space: such distances would not be comparable
    } else if (!speaks_all(spec->languages, query.languages)) {
      ++other_language;
    } else {
      candidates.entries.push_back(entry);
      candidates.views.push_back(spec->view());
      candidates.self.push_back(entry->self_inner);
    }
  }
  warn_skipped(warnings, without, "no statistical specification");
  warn_skipped(warnings, other_type, "another type of specification");
  warn_skipped(warnings, other_shape, fmt::format("dimension other than {}", query.dimension()));
  warn_skipped(warnings, other_gamma, fmt::format("gamma other than the query's {}", query.gamma));
  warn_skipped(warnings, other_language, "languages that do not cover the query's");
  return candidates;
}

Result<void> evaluate(Candidates& candidates, const spec::RkmeSpecification& query, double query_self,
                      const compute::Backend& backend, SteadyClock::time_point deadline) {
  const std::size_t n = candidates.views.size();
  candidates.user.assign(n, 0);
  candidates.distance.assign(n, std::numeric_limits<double>::infinity());
  for (std::size_t first = 0; first < n; first += kBatch) {
    if (first > 0 && SteadyClock::now() >= deadline) break;
    const std::size_t count = std::min(kBatch, n - first);
    LEARNDOCK_CHECK(backend.inner_products(query.view(), std::span(candidates.views).subspan(first, count),
                                           std::span(candidates.user).subspan(first, count)));
    for (std::size_t i = first; i < first + count; ++i)
      candidates.distance[i] = candidates.self[i] - 2 * candidates.user[i] + query_self;
    candidates.evaluated = first + count;
  }
  return {};
}

/// Ascending distance; ties by insertion order (compat) or id. Not finite is left out.
std::vector<std::size_t> ranked(const Candidates& candidates, ScoreMode mode) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < candidates.evaluated; ++i)
    if (std::isfinite(candidates.distance[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (candidates.distance[a] != candidates.distance[b])
      return candidates.distance[a] < candidates.distance[b];
    return mode == ScoreMode::absolute && candidates.entries[a]->id < candidates.entries[b]->id;
  });
  return order;
}

/// How far below the last hit an unevaluated learnware may lie: MMD >= | ||l|| - ||u|| |.
double certified_slack(const Candidates& candidates, double query_self, double last_hit) {
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t i = candidates.evaluated; i < candidates.self.size(); ++i) {
    const double difference =
        std::sqrt(std::max(0.0, candidates.self[i])) - std::sqrt(std::max(0.0, query_self));
    best = std::min(best, difference * difference);
  }
  return std::max(0.0, last_hit - best);
}

double absolute_score(double mmd_squared, double self_a, double self_b) {
  return std::clamp(1 - mmd_squared / (self_a + self_b), 0.0, 1.0);
}

Result<std::optional<Mixture>> find_mixture(const Candidates& candidates, const SearchRequest& request,
                                            double query_self, const compute::Backend& backend) {
  if (request.mixture == 0 || candidates.views.empty() || !(candidates.distance[0] > 0)) return std::nullopt;
  const MixtureMethod method = request.mixture_method.value_or(
      request.scores == ScoreMode::compat ? MixtureMethod::greedy : MixtureMethod::certified);
  // The reference's pool: the square of the mixture's size, nearest first.
  const std::size_t pool = method == MixtureMethod::certified
                               ? candidates.views.size()
                               : std::min(candidates.views.size(), request.mixture * request.mixture);
  const MixtureProblem problem{backend,
                               request.specification->view(),
                               query_self,
                               std::span(candidates.views).first(pool),
                               std::span(candidates.self).first(pool),
                               std::span(candidates.user).first(pool)};
  switch (method) {
    case MixtureMethod::certified:
      return certified_mixture(problem, request.mixture);
    case MixtureMethod::greedy:
      return greedy_mixture(problem, request.mixture);
    case MixtureMethod::auto_weights:
      return auto_mixture(problem, request.mixture);
  }
  return std::nullopt;
}

MixtureHit to_hit(const Mixture& mixture, const Candidates& candidates, double score) {
  MixtureHit hit{mixture.mmd_squared, score, mixture.gap, {}};
  for (std::size_t i = 0; i < mixture.members.size(); ++i) {
    const index::Entry& entry = *candidates.entries[mixture.members[i]];
    hit.members.push_back({entry.id, entry.name, mixture.weights[i]});
  }
  return hit;
}

/// <mix, mix> from MMD^2 = <mix, mix> - 2 <mix, u> + <u, u>.
double mixture_self(const Mixture& mixture, const Candidates& candidates, double query_self) {
  double with_user = 0;
  for (std::size_t i = 0; i < mixture.members.size(); ++i)
    with_user += mixture.weights[i] * candidates.user[mixture.members[i]];
  return mixture.mmd_squared + 2 * with_user - query_self;
}

void fill_compat(SearchAnswer& answer, const Candidates& candidates, const std::optional<Mixture>& mixture) {
  const auto selection =
      compat_selection(candidates.distance, mixture ? std::optional(mixture->mmd_squared) : std::nullopt);
  for (std::size_t i = 0; i < selection.scores.size(); ++i)
    answer.singles.push_back({candidates.entries[i]->id, candidates.entries[i]->name, candidates.distance[i],
                              selection.scores[i]});
  if (mixture && selection.mixture_score)
    answer.mixture = to_hit(*mixture, candidates, *selection.mixture_score);
}

void fill_absolute(SearchAnswer& answer, const Candidates& candidates, const std::optional<Mixture>& mixture,
                   std::size_t top, double query_self) {
  for (std::size_t i = 0; i < std::min(top, candidates.entries.size()); ++i)
    answer.singles.push_back({candidates.entries[i]->id, candidates.entries[i]->name, candidates.distance[i],
                              absolute_score(candidates.distance[i], candidates.self[i], query_self)});
  if (mixture)
    answer.mixture = to_hit(
        *mixture, candidates,
        absolute_score(mixture->mmd_squared, mixture_self(*mixture, candidates, query_self), query_self));
}

Result<void> warn_if_blind(const spec::RkmeSpecification& query, const compute::Backend& backend,
                           std::vector<std::string>& warnings) {
  LEARNDOCK_TRY(const double mean, spec::mean_off_diagonal_kernel(query, backend));
  if (mean < spec::kKernelBlindThreshold)
    warnings.push_back(fmt::format(
        "kernel blind: the query's mean off-diagonal kernel value is {:.2g}, under {}; with gamma {} "
        "distances mostly "
        "reflect weight concentration. Scale the features or make specifications with --gamma auto",
        mean, spec::kKernelBlindThreshold, query.gamma));
  return {};
}

}  // namespace

Result<SearchAnswer> search_snapshot(const index::Snapshot& snapshot, const SearchRequest& request,
                                     const compute::Backend& backend) {
  const auto start = SteadyClock::now();
  LEARNDOCK_CHECK(check(request));
  SearchAnswer answer;
  answer.index_version = snapshot.version;
  const Entries entries = filter(snapshot, request.semantic, request.text);
  answer.timings_ms["filter"] = milliseconds_since(start);
  if (!request.specification) {
    const std::size_t count =
        request.scores == ScoreMode::compat ? entries.size() : std::min(request.top, entries.size());
    for (std::size_t i = 0; i < count; ++i)
      answer.singles.push_back({entries[i]->id, entries[i]->name, {}, {}});
    answer.timings_ms["total"] = milliseconds_since(start);
    return answer;
  }

  const spec::RkmeSpecification& query = *request.specification;
  LEARNDOCK_CHECK(warn_if_blind(query, backend, answer.warnings));
  double query_self = 0;
  const compute::ReducedSetView query_view = query.view();
  LEARNDOCK_CHECK(backend.self_inner_products({&query_view, 1}, {&query_self, 1}));
  if (!std::isfinite(query_self) || !(query_self > 0))
    return fail(ErrorCode::spec_weights,
                fmt::format("the query's inner product with itself is {}", query_self), "/spec");
  Candidates candidates = comparable(entries, query, request.scores, answer.warnings);
  const auto mmd_start = SteadyClock::now();
  const auto deadline = request.budget ? start + *request.budget : SteadyClock::time_point::max();
  LEARNDOCK_CHECK(evaluate(candidates, query, query_self, backend, deadline));
  const std::size_t total = candidates.views.size();
  answer.evaluated = candidates.evaluated;
  answer.exact = candidates.evaluated == total;
  const std::vector<std::size_t> order = ranked(candidates, request.scores);
  warn_skipped(answer.warnings, candidates.evaluated - order.size(), "distance not finite");
  if (!answer.exact) {
    const std::size_t last = std::min(request.top, order.size());
    answer.slack = certified_slack(candidates, query_self,
                                   last == 0 ? query_self : candidates.distance[order[last - 1]]);
    answer.warnings.push_back(
        fmt::format("time budget spent after {} of {} learnwares", candidates.evaluated, total));
  }
  candidates.keep(order);
  answer.timings_ms["mmd"] = milliseconds_since(mmd_start);

  const auto mixture_start = SteadyClock::now();
  LEARNDOCK_TRY(std::optional<Mixture> mixture, find_mixture(candidates, request, query_self, backend));
  // The certificate speaks of all candidates; after a spent budget some were not seen.
  if (mixture && !answer.exact) mixture->gap.reset();
  answer.timings_ms["mixture"] = milliseconds_since(mixture_start);
  if (request.scores == ScoreMode::compat)
    fill_compat(answer, candidates, mixture);
  else
    fill_absolute(answer, candidates, mixture, request.top, query_self);
  answer.timings_ms["total"] = milliseconds_since(start);
  return answer;
}

}  // namespace learndock::market
