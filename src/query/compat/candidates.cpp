#include "query/compat/candidates.hpp"

#include "base/parallel.hpp"
#include "numeric/sums.hpp"
#include "query/compat/timed_products.hpp"
#include "query/request/answer_terms.hpp"
#include "query/request/skipped.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

namespace learndock::query {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
/// Learnwares compared between two looks at the clock.
constexpr std::size_t kBatch = 4096, kLeastBatchOnBudget = 16, kMostBatchOnBudget = 256;
/// Multiplications of a batch on a budget: a few tenths of a millisecond.
constexpr std::size_t kWorkOnBudget = std::size_t{1} << 21;
/// Multiplications of the first few of a batch: about ten milliseconds.
constexpr std::size_t kMostWorkOnBudget = std::size_t{1} << 26;
/// The time for each learnware after the comparisons: it is put in order, and a compat answer names all good
/// ones.
constexpr std::chrono::nanoseconds kOrdered{50}, kOrderedAndNamed{500};
/// Reduced sets that a thread takes together.
constexpr std::size_t kTakenTogether = 64;
/// Up to this many learnwares that were not compared get a bound each.
constexpr std::size_t kMostBounded = 1 << 14;
/// Up to this many candidates all are refined. Beyond, distances this much apart, relative to the self terms,
/// cannot be swapped by a backend's rounding; at most kMaxNearTies are refined for being closer.
constexpr std::size_t kRefineAll = 2000, kMaxNearTies = 2000, kFarthest = 64;
constexpr double kNearTie = 1e-7;
constexpr std::size_t kRefineBatch = 64;

/// The largest mass in the stored parts.
double largest_stored_mass(const learnwares::Snapshot& snapshot) {
  double largest = 0;
  if (snapshot.parts)
    for (const auto& part : snapshot.parts->parts) largest = std::max(largest, part->part->largest_mass());
  return largest;
}

/// The largest mass of all learnwares. @cost every learnware that is in no stored part
double largest_mass(const learnwares::Snapshot& snapshot) {
  double largest = largest_stored_mass(snapshot);
  for (const auto& entry : snapshot.parts ? snapshot.unindexed : snapshot.entries)
    if (entry->specification() != nullptr)
      largest = std::max(largest, numeric::absolute_sum(entry->specification()->weights));
  for (const auto& entry : snapshot.further)
    largest = std::max(largest, numeric::absolute_sum(entry->specification()->weights));
  return largest;
}

/// A lower bound of the distance under two kernels: the terms come from different spaces, and only |<l, u>|
/// <= mass * mass is left.
double apart(double mass, const Query& query) { return query.self - 2 * mass * query.mass; }

/// A lower bound of the distance of everything that was not compared; infinity when there is none. For many
/// learnwares it is rough: there is no time to look at each.
double unseen_bound(const Candidates& candidates, const Query& query) {
  const std::size_t first = candidates.evaluated, all = candidates.entries.size();
  if (first >= all) return kInfinite;
  if (all - first > kMostBounded) return least_distance(*candidates.snapshot, candidates.mode, query);
  const double stored_mass = largest_stored_mass(*candidates.snapshot);
  double bound = kInfinite;
  for (std::size_t i = first; i < all; ++i) {
    const learnwares::Entry& entry = *candidates.entries[i];
    const compute::Kernel kernel = candidates.kernel(i);
    const double known = kernel == entry.kernel() ? entry.self_inner() : std::nan("");
    const double self = std::isnan(known) ? 0 : std::max(0.0, known);
    if (kernel != query.view.kernel) {
      const bool in_memory = entry.specification() != nullptr;
      bound = std::min(
          bound, self + apart(in_memory ? numeric::absolute_sum(entry.specification()->weights) : stored_mass,
                              query));
    } else {  // MMD >= | ||l|| - ||u|| |
      const double difference = std::sqrt(self) - std::sqrt(std::max(0.0, query.self));
      bound = std::min(bound, std::isnan(known) ? 0.0 : difference * difference);
    }
  }
  return bound;
}

/// Where the entry keeps <l, l> by the dock's backend under this kernel.
std::atomic<double>& kept_self(const learnwares::Entry& entry, const compute::Kernel& kernel) {
  learnwares::SelfTerms& terms = entry.self_terms();
  return entry.kernel() == kernel ? terms.in_force : terms.own;
}

/// Self terms of [first, first + views): by the backend, or from the entries, whose missing ones are computed
/// when first asked for.
/// @return false: the deadline came before the self term of a large set was computed
Result<bool> take_self(Candidates& candidates, std::size_t first,
                       std::span<const compute::ReducedSetView> views, const compute::Backend& backend,
                       bool stored_self, Deadline& deadline) {
  const auto all = std::span(candidates.self).subspan(first, views.size());
  if (!stored_self) return self_products_in_time(backend, views, all, &deadline);
  std::vector<std::size_t> missing;
  std::vector<compute::ReducedSetView> missing_views;
  for (std::size_t v = 0; v < views.size(); ++v) {
    const std::size_t i = first + v;
    candidates.self[i] =
        kept_self(*candidates.entries[i], candidates.kernel(i)).load(std::memory_order_relaxed);
    if (!std::isnan(candidates.self[i])) continue;
    missing.push_back(i);
    missing_views.push_back(views[v]);
  }
  std::vector<double> self(missing.size());
  LEARNDOCK_TRY(const bool in_time, self_products_in_time(backend, missing_views, self, &deadline));
  if (!in_time) return false;
  for (std::size_t m = 0; m < missing.size(); ++m) {
    const std::size_t i = missing[m];
    candidates.self[i] = self[m];
    kept_self(*candidates.entries[i], candidates.kernel(i)).store(self[m], std::memory_order_relaxed);
  }
  return true;
}

/// Multiplications that comparing an entry takes, with its self term if that is not known.
std::size_t work_of(const Candidates& candidates, std::size_t i, const Query& query, bool stored_self) {
  const std::size_t each = sizeof(double) * (query.view.dimension + 1);
  const std::size_t points = candidates.entries[i]->specification_bytes() / each;
  const bool known =
      stored_self &&
      !std::isnan(kept_self(*candidates.entries[i], candidates.kernel(i)).load(std::memory_order_relaxed));
  return points * query.view.dimension * (query.view.count + (known ? 0 : points));
}

/// Candidates from `first` on that are compared between two looks at the clock: few when their sets are
/// large.
std::size_t batch_from(const Candidates& candidates, std::size_t first, const Query& query, bool stored_self,
                       const Deadline& deadline) {
  if (!deadline.limited()) return kBatch;
  std::size_t count = 0, work = 0;
  while (count < kMostBatchOnBudget && first + count < candidates.entries.size()) {
    work += work_of(candidates, first + count, query, stored_self);
    if (count > 0 && work > (count < kLeastBatchOnBudget ? kMostWorkOnBudget : kWorkOnBudget)) break;
    ++count;
  }
  return std::max<std::size_t>(count, 1);
}

/// Puts large sets last if time is short: one of them takes as long as thousands of others.
void put_large_last(Candidates& candidates, const Query& query, bool stored_self) {
  std::vector<const learnwares::Entry*> large, rest;
  for (std::size_t i = 0; i < candidates.entries.size(); ++i)
    (work_of(candidates, i, query, stored_self) > kMostWorkOnBudget ? large : rest)
        .push_back(candidates.entries[i]);
  if (large.empty()) return;
  rest.insert(rest.end(), large.begin(), large.end());
  candidates.entries = std::move(rest);
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

/// @return false: the deadline came first
Result<bool> refine_one(Candidates& candidates, std::size_t i, const Query& query,
                        const compute::Backend& reference, const Deadline& deadline) {
  TakenSets taken;
  LEARNDOCK_CHECK(candidates.take_sets({&i, 1}, 1, taken));
  Deadline own = deadline;  // other threads look at `deadline` at the same time
  std::atomic<double>& known = candidates.entries[i]->self_terms().reference;
  double self = known.load(std::memory_order_relaxed), user = 0;
  if (std::isnan(self)) {
    LEARNDOCK_TRY(const bool in_time, self_products_in_time(reference, taken.views, {&self, 1}, &own));
    if (!in_time) return false;
    known.store(self, std::memory_order_relaxed);
  }
  LEARNDOCK_TRY(const bool in_time,
                inner_products_in_time(reference, query.view, taken.views, {&user, 1}, &own));
  if (!in_time) return false;
  candidates.self[i] = self;
  candidates.user[i] = user;
  candidates.distance[i] = self - 2 * user + query.self;
  return true;
}

}  // namespace

Result<void> Candidates::take_sets(std::span<const std::size_t> chosen, unsigned threads,
                                   TakenSets& taken) const {
  taken.views.resize(chosen.size());
  taken.unpacked.resize(std::max(taken.unpacked.size(), chosen.size()));
  std::vector<Result<void>> done((chosen.size() + kTakenTogether - 1) / kTakenTogether);
  run_tasks(done.size(), threads, [&](std::size_t task) {
    const std::size_t end = std::min(chosen.size(), (task + 1) * kTakenTogether);
    for (std::size_t c = task * kTakenTogether; c < end; ++c) {
      auto view = snapshot->set_of(*entries[chosen[c]], taken.unpacked[c]);
      if (!view) {
        done[task] = Failure(std::move(view).error());
        return;
      }
      taken.views[c] = view->under(kernel(chosen[c]));
    }
  });
  for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
  return {};
}

Candidates comparable(const learnwares::Snapshot& snapshot, const learnwares::Selection& entries,
                      const specification::RkmeSpecification& query, ScoreMode mode, Deadline& deadline,
                      Warnings& warnings) {
  Candidates candidates;
  candidates.snapshot = &snapshot;
  candidates.mode = mode;
  Skipped skipped;
  const learnwares::Traits* last = nullptr;  // neighbours mostly share theirs
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0 && i % kBatch == 0 && deadline.spent()) break;
    const learnwares::Entry* const entry = entries[i];
    const auto& family = entry->traits().family;
    if (family && family->kind == query.kind && &entry->traits() != last)
      skipped.dimensions.insert(family->dimension());
    last = &entry->traits();
    const Mismatch mismatch = mismatch_of(*entry, query, mode);
    if (mismatch == Mismatch::none)
      candidates.entries.push_back(entry);
    else
      ++skipped[mismatch];
  }
  skipped.warn(query, mode, warnings);
  return candidates;
}

Result<void> evaluate(Candidates& candidates, const Query& query, const compute::Backend& backend,
                      const EvaluateOptions& options, Deadline& deadline) {
  const std::size_t all = candidates.entries.size(), n = std::min(options.most, all);
  if (n < all) deadline.cut_short();
  if (deadline.limited()) put_large_last(candidates, query, options.stored_self);
  const auto each = candidates.mode == ScoreMode::compat ? kOrderedAndNamed : kOrdered;
  std::vector<std::size_t> chosen;
  TakenSets taken;
  for (std::size_t first = 0; first < n; first = candidates.evaluated) {
    const std::size_t batch = batch_from(candidates, first, query, options.stored_self, deadline);
    if (first > 0 && deadline.spent(each * static_cast<std::int64_t>(first + batch))) break;
    const std::size_t count = std::min(batch, n - first);
    chosen.resize(count);
    std::iota(chosen.begin(), chosen.end(), first);
    LEARNDOCK_CHECK(candidates.take_sets(chosen, options.threads, taken));
    for (auto* values : {&candidates.self, &candidates.user, &candidates.distance})
      values->resize(first + count);
    LEARNDOCK_CHECK(
        backend.inner_products(query.view, taken.views, std::span(candidates.user).subspan(first, count)));
    // Something is always compared, so that an answer is not empty for lack of time alone.
    Deadline end = first == 0 ? deadline.at_least(kSetUp) : deadline;
    LEARNDOCK_TRY(const bool in_time,
                  take_self(candidates, first, taken.views, backend, options.stored_self, end));
    if (!in_time) {
      deadline.cut_short();
      break;
    }
    for (std::size_t i = first; i < first + count; ++i)
      candidates.distance[i] = candidates.self[i] - 2 * candidates.user[i] + query.self;
    candidates.evaluated = first + count;
  }
  return {};
}

double least_distance(const learnwares::Snapshot& snapshot, ScoreMode mode, const Query& query) {
  return mode == ScoreMode::absolute ? 0 : std::min(0.0, apart(largest_mass(snapshot), query));
}

double drop_unusable(Candidates& candidates, const Query& query, Warnings& warnings) {
  const double bound = unseen_bound(candidates, query);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates.evaluated; ++i) {
    if (!std::isfinite(candidates.distance[i])) continue;
    candidates.entries[kept] = candidates.entries[i];
    for (auto* values : {&candidates.self, &candidates.user, &candidates.distance})
      (*values)[kept] = (*values)[i];
    ++kept;
  }
  warn_skipped(warnings, candidates.evaluated - kept, "distance not finite");
  candidates.entries.resize(kept);
  for (auto* values : {&candidates.self, &candidates.user, &candidates.distance}) values->resize(kept);
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
  if (deadline.spent(kOrderedAndNamed * static_cast<std::int64_t>(candidates.entries.size()))) return {};
  const std::vector<std::size_t> order = deciding(candidates, reference_query.self, leading);
  const std::size_t stride = kRefineBatch * threads;
  for (std::size_t first = 0; first < order.size(); first += stride) {
    if (deadline.spent()) return {};
    const std::size_t count = std::min(stride, order.size() - first);
    std::vector<Result<bool>> done(count);
    run_tasks(count, threads, [&](std::size_t i) {
      done[i] = refine_one(candidates, order[first + i], reference_query, reference, deadline);
    });
    for (auto& one : done) {
      LEARNDOCK_TRY(const bool in_time, std::move(one));
      if (!in_time) deadline.cut_short();
    }
  }
  return {};
}

}  // namespace learndock::query
