#include "market/candidates.hpp"

#include "compute/parallel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace learndock::market {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Learnwares compared between two looks at the clock.
constexpr std::size_t kBatch = 4096, kBatchOnBudget = 256;
/// Up to this many candidates all are refined. Beyond, distances this much apart, relative to the self terms,
/// cannot be swapped by a backend's rounding; at most kMaxNearTies are refined for being closer.
constexpr std::size_t kRefineAll = 2000, kMaxNearTies = 2000, kFarthest = 64;
constexpr double kNearTie = 1e-7;
constexpr std::size_t kRefineBatch = 64;

bool speaks_all(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& code) {
    return std::find(have.begin(), have.end(), code) != have.end();
  });
}

/// What of a specification decides whether a query compares with it.
struct SpaceView {
  spec::StatisticalType type;
  const std::vector<std::size_t>& shape;
  double gamma;
  std::uint32_t scales;
};

Mismatch mismatch_of(const SpaceView& space, const spec::RkmeSpecification& query, ScoreMode mode) {
  if (space.type != query.type) return Mismatch::type;
  if (space.shape != query.trailing_shape) return Mismatch::shape;
  // Another kernel is another space: such distances would not be comparable. The reference compares any two
  // gammas all the same, but has no kernels of several scales; nor has a compat query.
  if (mode == ScoreMode::absolute && space.gamma != query.gamma) return Mismatch::gamma;
  return space.scales == query.scales ? Mismatch::none : Mismatch::scales;
}

Mismatch mismatch_of(const index::Entry& entry, const spec::RkmeSpecification& query, ScoreMode mode) {
  if (!entry.has_specification()) return Mismatch::specification;
  const index::KernelGroup& group = *entry.traits().group;
  const Mismatch mismatch = mismatch_of({group.type, group.shape, entry.gamma(), group.scales}, query, mode);
  if (mismatch != Mismatch::none || speaks_all(entry.traits().languages, query.languages)) return mismatch;
  return Mismatch::languages;
}

/// "3 learnwares skipped: WHY", when there are any.
void warn_skipped(std::vector<std::string>& warnings, std::size_t count, std::string_view why) {
  if (count > 0)
    warnings.push_back(fmt::format("{} learnware{} skipped: {}", count, count == 1 ? "" : "s", why));
}

double mass_of(const compute::ReducedSetView& view) {
  return std::accumulate(view.weights, view.weights + view.count, 0.0,
                         [](double sum, double weight) { return sum + std::abs(weight); });
}

/// Whether this view of the entry is under the kernel in force, as its first self term is.
bool is_in_force(const index::Entry& entry, const compute::ReducedSetView& view) {
  return entry.gamma() == view.gamma;
}

/// With one kernel MMD >= | ||l|| - ||u|| |; with two the terms come from different spaces and only
/// |<l, u>| <= mass * mass is left. A self term that is not known is at least 0.
double least_distance(const index::Entry& entry, const compute::ReducedSetView& view, const Query& query) {
  const double self = is_in_force(entry, view) ? entry.self_inner() : std::nan("");
  if (std::isnan(self) || view.kernel() != query.view.kernel())
    return (std::isnan(self) ? 0.0 : self) - 2 * mass_of(view) * query.mass + query.self;
  const double difference = std::sqrt(std::max(0.0, self)) - std::sqrt(std::max(0.0, query.self));
  return difference * difference;
}

/// Under the learnware's own gamma where compat scores are asked for, whatever kernel is in force.
Result<void> add_view(const index::Snapshot& snapshot, const index::Entry& entry, ScoreMode mode,
                      Candidates& candidates) {
  std::vector<double> memory;
  LEARNDOCK_TRY(compute::ReducedSetView view, snapshot.set_of(entry, memory));
  if (mode == ScoreMode::compat) view.gamma = entry.stored_gamma();
  candidates.views.push_back(view);
  if (!memory.empty()) candidates.unpacked.push_back(std::move(memory));  // the view still points into it
  return {};
}

/// What the entry keeps of <l, l> by the dock's backend under the view's kernel.
std::atomic<double>& kept_self(const index::Entry& entry, const compute::ReducedSetView& view) {
  index::SelfTerms& terms = entry.self_terms();
  return is_in_force(entry, view) ? terms.in_force : terms.own;
}

/// Self terms of [first, first + count) as the entries have them; others are computed when first asked for.
Result<void> take_self(Candidates& candidates, std::size_t first, std::size_t count,
                       const compute::Backend& backend) {
  std::vector<std::size_t> missing;
  for (std::size_t i = first; i < first + count; ++i) {
    candidates.self[i] =
        kept_self(*candidates.entries[i], candidates.views[i]).load(std::memory_order_relaxed);
    if (std::isnan(candidates.self[i])) missing.push_back(i);
  }
  std::vector<compute::ReducedSetView> views;
  for (const std::size_t i : missing) views.push_back(candidates.views[i]);
  std::vector<double> self(views.size());
  LEARNDOCK_CHECK(backend.self_inner_products(views, self));
  for (std::size_t m = 0; m < missing.size(); ++m) {
    candidates.self[missing[m]] = self[m];
    kept_self(*candidates.entries[missing[m]], candidates.views[missing[m]])
        .store(self[m], std::memory_order_relaxed);
  }
  return {};
}

std::vector<std::size_t> deciding(const Candidates& candidates, double query_self, std::size_t leading) {
  const std::size_t n = candidates.distance.size();
  if (n <= std::max(kRefineAll, leading)) {
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }
  std::vector<std::size_t> order = ranked(candidates, ScoreMode::compat, n);
  const auto tolerance = [&](std::size_t i) {
    return kNearTie * (std::abs(candidates.self[i]) + std::abs(query_self));
  };
  std::size_t near = std::max(kRefineAll, leading);
  const std::size_t edge = order[near - 1], most = std::min(n, near + kMaxNearTies);
  while (near < most && candidates.distance[order[near]] <=
                            candidates.distance[edge] + tolerance(edge) + tolerance(order[near]))
    ++near;
  const std::size_t farthest = std::max(near, n - std::min(n, kFarthest));
  order.erase(order.begin() + static_cast<std::ptrdiff_t>(near),
              order.begin() + static_cast<std::ptrdiff_t>(farthest));
  return order;
}

Result<void> refine_one(Candidates& candidates, std::size_t i, const Query& query,
                        const compute::Backend& reference) {
  std::atomic<double>& known = candidates.entries[i]->self_terms().reference;
  double self = known.load(std::memory_order_relaxed), user = 0;
  if (std::isnan(self)) {
    LEARNDOCK_CHECK(reference.self_inner_products({&candidates.views[i], 1}, {&self, 1}));
    known.store(self, std::memory_order_relaxed);
  }
  LEARNDOCK_CHECK(reference.inner_products(query.view, {&candidates.views[i], 1}, {&user, 1}));
  candidates.self[i] = self;
  candidates.user[i] = user;
  candidates.distance[i] = self - 2 * user + query.self;
  return {};
}

}  // namespace

void Skipped::add(const index::SpaceKey& space, std::size_t count, const spec::RkmeSpecification& query) {
  if (count == 0) return;
  if (space.type == query.type) dimensions.insert(space.dimension());
  (*this)[mismatch_of({space.type, space.shape, space.gamma, space.scales}, query, ScoreMode::absolute)] +=
      count;
}

void Skipped::warn(const spec::RkmeSpecification& query, ScoreMode mode,
                   std::vector<std::string>& warnings) const {
  const auto one = [&](Mismatch why, std::string_view reason) {
    warn_skipped(warnings, counts[static_cast<std::size_t>(why)], reason);
  };
  one(Mismatch::specification, "no statistical specification");
  one(Mismatch::type, "another type of specification");
  one(Mismatch::shape, fmt::format("dimension other than {}", query.dimension()));
  warn_if_none_fits(query.dimension(), warnings);
  one(Mismatch::gamma, fmt::format("gamma other than the query's {}", query.gamma));
  one(Mismatch::scales, mode == ScoreMode::compat
                            ? "kernel of several scales, which compat scores do not know"
                            : fmt::format("scales other than the query's {}", query.scales));
  one(Mismatch::languages, "languages that do not cover the query's");
}

/// A forgotten label column makes the query one wider than everything here; say what would have fitted.
void Skipped::warn_if_none_fits(std::size_t wanted, std::vector<std::string>& warnings) const {
  if (dimensions.empty() || dimensions.contains(wanted)) return;
  constexpr std::size_t kNamed = 8;
  std::vector<std::string> named;
  for (const std::size_t dimension : dimensions) {
    if (named.size() == kNamed) break;
    named.push_back(std::to_string(dimension));
  }
  warnings.push_back(fmt::format("no learnware has the query's dimension {}; those here have {}{}", wanted,
                                 fmt::join(named, ", "), dimensions.size() > kNamed ? ", ..." : ""));
}

void Candidates::resize(std::size_t count) {
  entries.resize(count);
  views.resize(count);
  for (auto* values : {&self, &user, &distance}) values->resize(count);
}

Result<Candidates> comparable(const index::Snapshot& snapshot, const Entries& entries,
                              const spec::RkmeSpecification& query, ScoreMode mode, Deadline& deadline,
                              std::vector<std::string>& warnings) {
  Candidates candidates;
  Skipped skipped;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && i % kBatch == 0 && deadline.spent()) break;
    const index::Entry* const entry = entries[i];
    const auto& group = entry->traits().group;
    if (group && group->type == query.type) skipped.dimensions.insert(group->under(0).dimension());
    const Mismatch mismatch = mismatch_of(*entry, query, mode);
    if (mismatch == Mismatch::none)
      candidates.entries.push_back(entry);
    else
      ++skipped[mismatch];
  }
  candidates.views.reserve(candidates.entries.size());
  for (const index::Entry* entry : candidates.entries)
    LEARNDOCK_CHECK(add_view(snapshot, *entry, mode, candidates));
  skipped.warn(query, mode, warnings);
  return candidates;
}

Result<void> evaluate(Candidates& candidates, const Query& query, const compute::Backend& backend,
                      bool stored_self, std::size_t most, Deadline& deadline) {
  const std::size_t all = candidates.views.size(), n = std::min(most, all);
  if (n < all) deadline.cut_short();
  candidates.resize(all);
  const std::size_t batch = deadline.limited() ? kBatchOnBudget : kBatch;
  for (std::size_t first = 0; first < n; first += batch) {
    if (first > 0 && deadline.spent()) break;
    const std::size_t count = std::min(batch, n - first);
    const auto views = std::span(candidates.views).subspan(first, count);
    LEARNDOCK_CHECK(
        backend.inner_products(query.view, views, std::span(candidates.user).subspan(first, count)));
    if (stored_self)
      LEARNDOCK_CHECK(take_self(candidates, first, count, backend));
    else
      LEARNDOCK_CHECK(backend.self_inner_products(views, std::span(candidates.self).subspan(first, count)));
    for (std::size_t i = first; i < first + count; ++i)
      candidates.distance[i] = candidates.self[i] - 2 * candidates.user[i] + query.self;
    candidates.evaluated = first + count;
  }
  return {};
}

double drop_unusable(Candidates& candidates, const Query& query, std::vector<std::string>& warnings) {
  double bound = kInfinity;
  for (std::size_t i = candidates.evaluated; i < candidates.entries.size(); ++i)
    bound = std::min(bound, least_distance(*candidates.entries[i], candidates.views[i], query));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.evaluated; ++i) {
    if (!std::isfinite(candidates.distance[i])) continue;
    candidates.entries[kept] = candidates.entries[i];
    candidates.views[kept] = candidates.views[i];
    for (auto* values : {&candidates.self, &candidates.user, &candidates.distance})
      (*values)[kept] = (*values)[i];
    ++kept;
  }
  warn_skipped(warnings, candidates.evaluated - kept, "distance not finite");
  candidates.resize(kept);
  return bound;
}

std::vector<std::size_t> ranked(const Candidates& candidates, ScoreMode mode, std::size_t count) {
  std::vector<std::size_t> order(candidates.distance.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto before = [&](std::size_t a, std::size_t b) {
    if (candidates.distance[a] != candidates.distance[b])
      return candidates.distance[a] < candidates.distance[b];
    if (mode == ScoreMode::absolute && candidates.entries[a]->id() != candidates.entries[b]->id())
      return candidates.entries[a]->id() < candidates.entries[b]->id();
    return a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size())),
                    order.end(), before);
  return order;
}

Result<void> refine(Candidates& candidates, const Query& reference_query, const compute::Backend& reference,
                    std::size_t leading, unsigned threads, Deadline& deadline) {
  const std::vector<std::size_t> order = deciding(candidates, reference_query.self, leading);
  const std::size_t stride = kRefineBatch * threads;
  for (std::size_t first = 0; first < order.size(); first += stride) {
    if (deadline.spent()) return {};
    const std::size_t count = std::min(stride, order.size() - first);
    std::vector<Result<void>> done(count);
    compute::run_tasks(count, threads, [&](std::size_t i) {
      done[i] = refine_one(candidates, order[first + i], reference_query, reference);
    });
    for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  }
  return {};
}

}  // namespace learndock::market
