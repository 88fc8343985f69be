#include "engine/search/bounded_search.hpp"

#include "base/parallel.hpp"
#include "engine/search/candidate_queue.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace learndock::engine {
namespace {

constexpr float kFloatInfinity = std::numeric_limits<float>::infinity();
/// Room for each query in a batch's second pass; a query that needs more is asked again alone.
constexpr std::size_t kSecondRoom = 4096;

/// The longest time that a present-day machine takes for one candidate: its share of the scan, the test
/// whether it was seen, and the queue.
constexpr std::chrono::nanoseconds kQueued{100};
/// Queueing a part with too many candidates may take one in this many of the time left.
constexpr std::int64_t kOfPart = 4;

/// The state that the passes of a search share.
class Search {
 public:
  Search(std::span<const FilteredPart> parts, std::span<const Objective* const> objectives,
         const CertifiedOptions& options)
      : parts_(parts),
        objectives_(objectives),
        options_(options),
        unseen_(objectives.size(), std::vector<double>(parts.size(), kInfinity)),
        seen_(objectives.size(), std::vector<std::unordered_set<PartItem>>(parts.size())) {
    queues_.reserve(objectives.size());
    for (const Objective* objective : objectives) queues_.emplace_back(parts, *objective, options);
  }

  Result<std::vector<BoundedAnswer>> run() {
    LEARNDOCK_CHECK(first_pass());
    LEARNDOCK_CHECK(evaluate());
    LEARNDOCK_CHECK(second_pass());
    for (CandidateQueue& queue : queues_) LEARNDOCK_CHECK(queue.tighten());
    LEARNDOCK_CHECK(evaluate());
    std::vector<BoundedAnswer> answers;
    for (std::size_t q = 0; q < objectives_.size(); ++q) {
      const double unseen = *std::min_element(unseen_[q].begin(), unseen_[q].end());
      const double waiting = queues_[q].next_bound();
      const std::size_t evaluated = queues_[q].evaluated();
      answers.push_back({std::move(queues_[q]).hits(), std::min(unseen, waiting), evaluated});
    }
    return answers;
  }

 private:
  /// The embeddings that some objectives ask a part's prefilter with.
  [[nodiscard]] std::vector<Embedding> embeddings(std::size_t p, std::span<const std::size_t> chosen) const {
    std::vector<Embedding> all;
    all.reserve(chosen.size());
    for (const std::size_t q : chosen) all.push_back(objectives_[q]->embedding(p));
    return all;
  }
  [[nodiscard]] const Prefilter& prefilter(std::size_t p) const {
    return objectives_[0]->prefilter(*parts_[p].part);
  }
  [[nodiscard]] bool late() const { return is_past(options_.deadline); }

  /// How many of the candidates can be queued before the deadline: all, or a number that leaves most of the
  /// time for their evaluation.
  [[nodiscard]] std::size_t affordable(std::size_t candidates) const {
    if (!options_.deadline) return candidates;
    const auto left = *options_.deadline - std::chrono::steady_clock::now();
    if (kQueued * static_cast<std::int64_t>(candidates) < left) return candidates;
    return static_cast<std::size_t>(std::max<std::int64_t>(0, left / kQueued / kOfPart));
  }

  Result<void> first_pass() {
    bool looked = false;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (parts_[p].count() == 0) continue;
      // Something is always looked at, so that an answer is not empty for lack of time.
      if (std::exchange(looked, true) && late()) {
        for (auto& unseen : unseen_) unseen[p] = -kInfinity;
      } else if (parts_[p].part->space() == nullptr || parts_[p].count() <= options_.evaluate_all) {
        take_all(p);
      } else {
        LEARNDOCK_CHECK(take_smallest(p));
      }
    }
    return {};
  }

  void take_all(std::size_t p) {
    for (std::size_t q = 0; q < objectives_.size(); ++q) take_all_for(p, q);
  }

  void take_all_for(std::size_t p, std::size_t q) {
    std::vector<Candidate> all;
    for (PartItem item; item.index() < parts_[p].part->count(); ++item)
      if (parts_[p].allows(item) && seen_[q][p].insert(item).second) all.push_back({-kInfinity, p, item});
    queues_[q].add(std::move(all));
    unseen_[q][p] = kInfinity;
  }

  Result<void> take_smallest(std::size_t p) {
    const std::size_t wanted =
        std::max<std::size_t>(1, options_.top + std::min(options_.first_extra, prefilter(p).most_extra()));
    std::vector<std::size_t> safe;
    // Codes are fp32, so a query with absurd weights is compared with everything instead.
    for (std::size_t q = 0; q < objectives_.size(); ++q)
      codable(objectives_[q]->embedding(p).mass) ? safe.push_back(q) : take_all_for(p, q);
    Matrix<compute::ScanHit> hits(safe.size(), wanted);
    std::vector<std::size_t> counts(safe.size());
    if (safe.empty()) return {};
    const std::vector<Embedding> embedded = embeddings(p, safe);
    LEARNDOCK_TRY(const bool complete, prefilter(p).smallest({embedded, parts_[p].allowed, options_.deadline},
                                                             hits.view(), counts));
    for (std::size_t i = 0; i < safe.size(); ++i) {
      const std::size_t q = safe[i];
      add_hits(p, q, hits.row(i).first(counts[i]));
      if (!prefilter(p).certified() || !complete)
        unseen_[q][p] = -kInfinity;
      else if (counts[i] < std::min(wanted, parts_[p].count()))
        take_all_for(p, q);  // a bound that is not a number was left out
      else if (counts[i] < parts_[p].count())
        unseen_[q][p] =
            objectives_[q]->least_value(p, static_cast<double>(hits(i, counts[i] - 1).lower_bound));
    }
    return {};
  }

  /// @param last each of these items comes once, and no later pass returns it again
  void add_hits(std::size_t p, std::size_t q, std::span<const compute::ScanHit> hits, bool last = false) {
    std::unordered_set<PartItem>& seen = seen_[q][p];
    std::vector<Candidate> found;
    for (const compute::ScanHit& hit : hits) {
      const auto item = PartItem::at(hit.item);
      if (last ? !seen.contains(item) : seen.insert(item).second)
        found.push_back({objectives_[q]->least_value(p, static_cast<double>(hit.lower_bound)), p, item});
    }
    queues_[q].add(std::move(found));
  }

  /// Evaluates candidates. Few queries use several threads each, many use one thread each.
  Result<void> evaluate() {
    if (objectives_.size() < 2 * options_.threads) {
      for (CandidateQueue& queue : queues_) LEARNDOCK_CHECK(queue.evaluate(options_.threads));
      return {};
    }
    std::vector<Result<void>> done(queues_.size());
    run_tasks(queues_.size(), options_.threads, [&](std::size_t q) { done[q] = queues_[q].evaluate(1); });
    for (auto& one : done) LEARNDOCK_CHECK(std::move(one));
    return {};
  }

  /// Fetches everything under the threshold that the first pass did not return.
  Result<void> second_pass() {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      if (parts_[p].part->space() == nullptr || !prefilter(p).certified()) continue;
      std::vector<std::size_t> open;
      for (std::size_t q = 0; q < objectives_.size(); ++q)
        if (is_open(q, p)) open.push_back(q);
      if (open.empty() || late()) continue;
      LEARNDOCK_CHECK(take_within(p, open, std::min(kSecondRoom, parts_[p].count())));
    }
    return {};
  }

  /// Whether the part may hold more of what the query looks for.
  [[nodiscard]] bool is_open(std::size_t q, std::size_t p) const {
    return !queues_[q].out_of_budget() && unseen_[q][p] < kInfinity &&
           unseen_[q][p] <= queues_[q].best().threshold();
  }

  Result<void> take_within(std::size_t p, const std::vector<std::size_t>& open, std::size_t room) {
    std::vector<float> thresholds;
    for (const std::size_t q : open) {
      const double bound = objectives_[q]->bound_of(p, queues_[q].best().threshold());
      thresholds.push_back(std::nextafter(static_cast<float>(bound), kFloatInfinity));
    }
    Matrix<compute::ScanHit> hits(open.size(), room);
    std::vector<std::size_t> counts(open.size());
    const std::vector<Embedding> embedded = embeddings(p, open);
    LEARNDOCK_TRY(const bool complete, prefilter(p).within({embedded, parts_[p].allowed, options_.deadline},
                                                           thresholds, hits.view(), counts));
    for (std::size_t i = 0; i < open.size(); ++i) {
      const std::size_t q = open[i];
      const std::size_t more = counts[i] > room && complete ? affordable(counts[i]) : 0;
      if (more > room) {
        LEARNDOCK_CHECK(take_within(p, {q}, more));
        continue;
      }
      add_hits(p, q, hits.row(i).first(std::min(counts[i], room)), true);
      if (!complete || counts[i] > room) continue;  // something under the threshold was not returned
      // Everything that the scan left out is above its threshold.
      unseen_[q][p] = std::nextafter(queues_[q].best().threshold(), kInfinity);
    }
    return {};
  }

  std::span<const FilteredPart> parts_;
  std::span<const Objective* const> objectives_;
  const CertifiedOptions& options_;
  std::vector<CandidateQueue> queues_;       // [objectives]
  std::vector<std::vector<double>> unseen_;  // [objectives][parts] least value of what was not returned
  std::vector<std::vector<std::unordered_set<PartItem>>> seen_;  // items seen, except in the last pass
};

}  // namespace

Result<std::vector<BoundedAnswer>> bounded_search(std::span<const FilteredPart> parts,
                                                  std::span<const Objective* const> objectives,
                                                  const CertifiedOptions& options) {
  if (parts.empty() || objectives.empty())
    return std::vector<BoundedAnswer>(objectives.size(), {{}, kInfinity, 0});
  return Search(parts, objectives, options).run();
}

}  // namespace learndock::engine
