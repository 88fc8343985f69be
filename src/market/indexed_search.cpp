#include "market/indexed_search.hpp"

#include "learndock/index/certified_mixture.hpp"
#include "learndock/index/plain_part.hpp"
#include "learndock/spec/mmd.hpp"

#include "market/answer_terms.hpp"
#include "market/blind_check.hpp"
#include "market/mixture.hpp"
#include "market/semantic_filter.hpp"
#include "market/skipped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>

namespace learndock::market {
namespace {

using SteadyClock = Deadline::Clock;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double direct_self(const index::Entry& entry) {
  std::atomic<double>& kept = entry.self_terms().direct;
  double self = kept.load(std::memory_order_relaxed);
  if (!std::isnan(self)) return self;
  const compute::ReducedSetView view = entry.specification()->view();
  self = compute::DirectQuery(view, view.kernel()).inner_product(view);
  kept.store(self, std::memory_order_relaxed);
  return self;
}

/// What a stepwise choice takes before it looks at the clock, for each learnware that it chooses from.
constexpr std::chrono::microseconds kPooled{10};

/// Learnwares that no part holds, looked at between two looks at the clock; a self term is computed for each
/// that no search met before.
constexpr std::size_t kPlainStride = 16;

/// What can be compared with the query: stored parts with their bitmaps, and one part of the rest. A spent
/// deadline leaves out what was not yet found; something of it is always there.
class Comparable {
 public:
  Comparable(const IndexedSearch& search, Deadline& deadline, std::vector<std::string>& warnings)
      : snapshot_(search.snapshot),
        query_(*search.request.specification),
        key_(index::SpaceKey::of(query_)),
        deadline_(deadline) {
    if (search.items == nullptr && query_.languages.empty())
      take_all(warnings);
    else
      take_filtered(search.items == nullptr ? snapshot_.semantic->select({}) : *search.items, warnings);
    make_plain_part();
  }

  [[nodiscard]] std::span<const index::FilteredPart> parts() const { return parts_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  /// Whether something was left out.
  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] const index::Entry& entry(const index::CertifiedHit& hit) const {
    if (hit.part < stored_.size()) return *snapshot_.entry_of(stored_[hit.part]->part->keys()[hit.item]);
    return *plain_[hit.item];
  }

 private:
  /// Counts of spaces stand for looking at every learnware.
  void take_all(std::vector<std::string>& warnings) {
    Skipped skipped;
    skipped[Mismatch::specification] = snapshot_.without_specification;
    for (const auto& [key, count] : snapshot_.spaces) skipped.add(key, count, query_);
    skipped.warn(query_, ScoreMode::absolute, warnings);
    for (const auto& part : snapshot_.parts->parts) {
      if (part->space != key_ || part->live_count == 0) continue;
      const bool whole = part->live_count == part->part->count();
      add_stored(part, whole ? nullptr : part->live.data(), part->live_count);
    }
    for (std::size_t i = 0; i < snapshot_.plain.size(); ++i) {
      if (i > 0 && i % kPlainStride == 0 && late()) return;
      const index::Entry* const entry = snapshot_.plain[i].get();
      if (entry->space() == key_) plain_.push_back(entry);
    }
  }

  void take_filtered(const index::Bitmap& selected, std::vector<std::string>& warnings) {
    const index::Bitmap fitting = fitting_of(selected, warnings);
    if (fitting.empty()) return;
    std::vector<std::uint64_t> items = fitting.words(0, snapshot_.semantic->items());
    for (const auto& part : snapshot_.parts->parts) {
      if (part->space != key_ || part->live_count == 0 || !part->places) continue;
      if (!stored_.empty() && late()) return;
      take_part(part, items);
      part->places->leave_out(items);
    }
    take_rest(items);
  }

  /// Those that can be compared; the others are counted by their spaces' bitmaps.
  [[nodiscard]] index::Bitmap fitting_of(const index::Bitmap& selected,
                                         std::vector<std::string>& warnings) const {
    Skipped skipped;
    std::size_t with_specification = 0;
    index::Bitmap of_space;
    for (const auto& [key, items] : snapshot_.semantic->spaces()) {
      const std::size_t count = selected.common(*items);
      skipped.add(key, count, query_);
      with_specification += count;
      if (key == key_) (of_space = selected) &= *items;
    }
    skipped[Mismatch::specification] = selected.count() - with_specification;
    index::Bitmap fitting = snapshot_.semantic->speaking(of_space, query_.languages);
    skipped[Mismatch::languages] = of_space.count() - fitting.count();
    skipped.warn(query_, ScoreMode::absolute, warnings);
    return fitting;
  }

  void take_part(const std::shared_ptr<const index::LivePart>& part, std::span<const std::uint64_t> items) {
    std::vector<std::uint64_t> bits = part->places->of_part(items);
    std::size_t count = 0;
    for (std::size_t w = 0; w < bits.size(); ++w)
      count += static_cast<std::size_t>(std::popcount(bits[w] &= part->live[w]));
    if (count == 0) return;
    const bool whole = count == part->part->count();
    bitmaps_.push_back(std::move(bits));
    add_stored(part, whole ? nullptr : bitmaps_.back().data(), count);
  }

  /// What is left of the items is in no part.
  void take_rest(std::span<const std::uint64_t> items) {
    std::vector<index::Bitmap::Item> rest;
    for (std::size_t w = 0; w < items.size(); ++w)
      for (std::uint64_t word = items[w]; word != 0; word &= word - 1)
        rest.push_back(static_cast<index::Bitmap::Item>(64 * w) +
                       static_cast<index::Bitmap::Item>(std::countr_zero(word)));
    index::Bitmap left;
    left.add(rest);
    for (const std::uint32_t position : snapshot_.semantic->positions(left))
      plain_.push_back(snapshot_.entries[position].get());  // not looked at yet
  }

  void add_stored(const std::shared_ptr<const index::LivePart>& part, const std::uint64_t* allowed,
                  std::size_t count) {
    stored_.push_back(part);
    parts_.push_back({part->part, allowed, count});
    count_ += count;
  }

  void make_plain_part() {
    std::vector<index::PlainItem> items;
    for (std::size_t i = 0; i < plain_.size(); ++i) {
      if (i % kPlainStride == 0 && !(i == 0 && parts_.empty()) && late()) break;
      const index::Entry& entry = *plain_[i];
      items.push_back({nullptr, entry.id(), entry.specification()->view(), direct_self(entry)});
    }
    count_ += items.size();
    if (!items.empty())
      parts_.push_back({index::make_plain_part(key_.kernel(), key_.dimension(), std::move(items))});
  }

  [[nodiscard]] bool late() {
    cut_ = cut_ || deadline_.spent();
    return cut_;
  }

  const index::Snapshot& snapshot_;
  const spec::RkmeSpecification& query_;
  index::SpaceKey key_;
  Deadline& deadline_;
  std::vector<std::shared_ptr<const index::LivePart>> stored_;
  std::vector<std::vector<std::uint64_t>> bitmaps_;
  Entries plain_;
  std::vector<index::FilteredPart> parts_;
  std::size_t count_ = 0;
  bool cut_ = false;
};

/// Singles, then the mixture, of one search.
class Answering {
 public:
  Answering(const IndexedSearch& search, const Comparable& comparable, Deadline& deadline,
            SearchAnswer& answer)
      : search_(search),
        comparable_(comparable),
        deadline_(deadline),
        answer_(answer),
        all_found_(answer.exact) {}

  Result<void> run() {
    const auto start = SteadyClock::now();
    const compute::ReducedSetView query = search_.request.specification->view();
    index::CertifiedOptions options;
    options.top = std::max(search_.request.top, pool());
    options.threads = search_.threads;
    options.deadline = deadline_.end();
    if (search_.request.budget_candidates)
      options.max_evaluations = *search_.request.budget_candidates;
    else
      options.backend = &search_.backend;
    LEARNDOCK_TRY(auto answers, index::certified_search(comparable_.parts(), {&query, 1}, options));
    found_ = std::move(answers[0]);
    query_self_ = found_.query_self;
    if (!std::isfinite(query_self_) || !(query_self_ > 0)) return bad_query_self(query_self_);
    fill_singles();
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
  [[nodiscard]] double self(const index::CertifiedHit& hit) const {
    return comparable_.parts()[hit.part].part->self(hit.item);
  }

  void fill_singles() {
    const std::size_t listed = std::min(search_.request.top, found_.hits.size());
    // Judged by what is listed: the mixture's pool may be longer.
    const double last = listed == 0 ? query_self_ : found_.hits[listed - 1].mmd_squared;
    const bool complete = listed == search_.request.top || found_.hits.size() == comparable_.count();
    const bool proved = found_.unseen == kInfinity || (complete && found_.unseen > last);
    answer_.evaluated = found_.evaluated;
    if (!proved) answer_.slack = std::max(0.0, last - std::max(found_.unseen, 0.0));
    if (!answer_.exact)
      answer_.slack = std::max(0.0, last);  // the filter was cut: nothing is known of the rest
    answer_.exact = answer_.exact && proved;
    const bool candidates_spent =
        !proved && found_.evaluated >= search_.request.budget_candidates.value_or(SIZE_MAX);
    if (candidates_spent) deadline_.cut_short();
    // Asking also tells the deadline's owner that something was left undone. A search that foresees that the
    // time left is too short for what remains ends before.
    const bool time_spent = !proved && (deadline_.spent() || (deadline_.limited() && !is_approximate()));
    if (time_spent) deadline_.cut_short();
    if (candidates_spent || time_spent)
      answer_.warnings.push_back(fmt::format("budget spent after {} of {} learnwares were compared",
                                             found_.evaluated, comparable_.count()));
    if (is_approximate())
      answer_.warnings.emplace_back(
          "approximate: the index in force (hnsw) proves nothing; reindex with another --prefilter");
    for (std::size_t i = 0; i < listed; ++i) {
      const index::CertifiedHit& hit = found_.hits[i];
      const index::Entry& entry = comparable_.entry(hit);
      answer_.singles.push_back({entry.learnware_id(), std::string(entry.name()), hit.mmd_squared,
                                 absolute_score(hit.mmd_squared, self(hit), query_self_)});
    }
  }

  /// Whether a prefilter that proves nothing was asked.
  [[nodiscard]] bool is_approximate() const {
    return std::any_of(comparable_.parts().begin(), comparable_.parts().end(), [](const auto& part) {
      return part.part->space() != nullptr && !part.part->prefilter().certified();
    });
  }

  Result<void> find_mixture(const compute::ReducedSetView& query) {
    if (members_of(search_.request) == 0 || found_.hits.empty()) return {};
    const index::CertifiedHit& nearest = found_.hits[0];
    if (!(nearest.mmd_squared > kExactFit * (std::abs(self(nearest)) + std::abs(query_self_)))) return {};
    if (deadline_.spent()) {
      answer_.warnings.emplace_back("no mixture: the budget was spent before");
      return {};
    }
    auto found = best_mixture(query);
    if (!found && found.error().code == ErrorCode::corrupt) return Failure(std::move(found).error());
    if (!found) {
      answer_.warnings.push_back("no mixture: " + found.error().message);
      return {};
    }
    if (deadline_.cut()) answer_.warnings.emplace_back("the budget cut the mixture short");
    if (*found) answer_.mixture = to_hit(**found);
    return {};
  }

  /// A mixture's members as hits, whichever method found it.
  using Found = MixtureOf<index::CertifiedHit>;

  Result<std::optional<Found>> best_mixture(const compute::ReducedSetView& query) {
    const MixtureMethod method = method_of(search_.request);
    if (method != MixtureMethod::certified) return of_nearest(query, method);
    index::MixtureOptions options;
    options.max_members = members_of(search_.request);
    options.proof_members = proof_members(members_of(search_.request));
    options.threads = search_.threads;
    options.deadline = deadline_.end();
    options.query_self = query_self_;
    if (search_.request.budget_candidates)
      options.max_evaluations = *search_.request.budget_candidates;
    else
      options.backend = &search_.backend;
    auto certified = index::certified_mixture(comparable_.parts(), query, found_.hits[0], options);
    if (!certified) return Failure(std::move(certified).error());
    static_cast<void>(deadline_.spent());  // so that a mixture that was cut is said to be
    if (!*certified) return std::nullopt;
    index::CertifiedMixture& proved = **certified;
    Found first{std::move(proved.members), std::move(proved.weights), proved.mmd_squared, proved.gap};
    if (deadline_.spent(kPooled * static_cast<int>(pool()))) return first;
    // With few members a stepwise choice among the nearest is often closer; what was certified bounds both.
    LEARNDOCK_TRY(auto stepwise, of_nearest(query, MixtureMethod::greedy));
    return better_of(std::move(first), std::move(stepwise));
  }

  /// By the reference's methods, over the nearest.
  Result<std::optional<Found>> of_nearest(const compute::ReducedSetView& query, MixtureMethod method) {
    if (pool() == kMaxPool && pool_of(search_.request) > kMaxPool)
      answer_.warnings.push_back(fmt::format("the mixture was sought among the {} nearest", kMaxPool));
    const std::size_t count = std::min(pool(), found_.hits.size());
    std::vector<std::vector<double>> memory(count);
    std::vector<compute::ReducedSetView> views;
    for (std::size_t i = 0; i < count; ++i) {
      const index::CertifiedHit& hit = found_.hits[i];
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
    for (const std::size_t member : mixture->members) found.members.push_back(found_.hits[member]);
    return found;
  }

  [[nodiscard]] MixtureHit to_hit(const Found& found) const {
    // <mix, mix> from MMD^2 = <mix, mix> - 2 <mix, u> + <u, u>, and <l, u> from each member's own distance.
    double with_user = 0;
    for (std::size_t i = 0; i < found.members.size(); ++i) {
      const index::CertifiedHit& hit = found.members[i];
      with_user += found.weights[i] * (self(hit) + query_self_ - hit.mmd_squared) / 2;
    }
    const double own = found.mmd_squared + 2 * with_user - query_self_;
    MixtureHit hit{found.mmd_squared, absolute_score(found.mmd_squared, own, query_self_), found.gap, {}};
    // A budget leaves bounds of what was not compared, but none of what was not even found.
    if (!all_found_) hit.gap.reset();
    for (std::size_t i = 0; i < found.members.size(); ++i) {
      const index::Entry& entry = comparable_.entry(found.members[i]);
      hit.members.push_back({entry.learnware_id(), std::string(entry.name()), found.weights[i]});
    }
    return hit;
  }

  const IndexedSearch& search_;
  const Comparable& comparable_;
  Deadline& deadline_;
  SearchAnswer& answer_;
  bool all_found_;  // the filter left nothing out for lack of time
  double query_self_ = 0;
  index::CertifiedAnswer found_;
};

/// The parts' own sample tells when a kernel sees every learnware of a space alike or apart.
void warn_if_space_is_blind(const Comparable& comparable, std::vector<std::string>& warnings) {
  for (const index::FilteredPart& part : comparable.parts()) {
    if (part.part->space() == nullptr) continue;
    const double mean = part.part->space()->subspace().statistics.mean_kernel;
    if (!(mean < spec::kKernelBlindThreshold)) continue;
    warnings.push_back(blind_space_warning("this space", mean));
    return;
  }
}

}  // namespace

bool is_indexed(const index::Snapshot& snapshot, const SearchRequest& request) {
  if (!snapshot.parts || !snapshot.semantic || !request.specification ||
      request.scores != ScoreMode::absolute)
    return false;
  const index::SpaceKey key = index::SpaceKey::of(*request.specification);
  return std::any_of(snapshot.parts->parts.begin(), snapshot.parts->parts.end(),
                     [&](const auto& part) { return part->space == key; });
}

Result<void> indexed_search(const IndexedSearch& search, Deadline& deadline, SearchAnswer& answer) {
  const auto start = SteadyClock::now();
  const Comparable comparable(search, deadline, answer.warnings);
  answer.timings_ms["filter"] += milliseconds_since(start);
  if (comparable.cut() && answer.exact) answer.warnings.emplace_back(kCutFilter);
  answer.exact = answer.exact && !comparable.cut();
  if (comparable.parts().empty()) return {};
  warn_if_space_is_blind(comparable, answer.warnings);
  return Answering(search, comparable, deadline, answer).run();
}

}  // namespace learndock::market
