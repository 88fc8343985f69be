#include "query/semantic_filter.hpp"

#include "base/log.hpp"
#include "base/parallel.hpp"
#include "text/fold_case.hpp"
#include "text/partial_ratio.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <utility>

namespace learndock::query {
namespace {

// The reference's constants.
constexpr double kFuzzyThreshold = 75;
constexpr std::size_t kMaxFuzzyHits = 50'000;
/// Learnwares looked at between two looks at the clock; an alignment costs far more than a comparison.
constexpr std::size_t kContainsStride = 256, kFuzzyStride = 16;
/// Learnwares that one thread aligns before it takes the next.
constexpr std::size_t kFuzzyTask = 1024;

/// Whether to stop before item i. The first stride is always done: an answer is not empty for lack of time.
bool stop_before(std::size_t i, std::size_t stride, Deadline& deadline) {
  return i > 0 && i % stride == 0 && deadline.spent();
}

/// Positions of learnwares in the snapshot's entries.
using Positions = std::vector<learnwares::SnapshotPosition>;
/// How similar a learnware's name or description is to the words, and its position.
using Similar = std::pair<double, learnwares::SnapshotPosition>;

bool contains(const learnwares::Entry& entry, const std::string& folded) {
  return entry.folded_name().find(folded) != std::string_view::npos ||
         entry.folded_description().find(folded) != std::string_view::npos;
}

/// Up to kFewEntries entries are read as fast as the catalogue answers. Candidates that are more than an
/// eighth of the dock cost more than reading all.
constexpr std::size_t kFewEntries = 2000, kCandidateShare = 8;

/// Applies one requirement to one snapshot.
class Filter {
 public:
  Filter(const learnwares::Snapshot& snapshot, const FilterRequest& request, Deadline& deadline)
      : snapshot_(snapshot),
        index_(snapshot.semantic),
        request_(request),
        deadline_(deadline),
        folded_(text::fold_case(request.text.empty() ? request.wanted.name : request.text)) {
    if (!index_)
      index_ = std::make_shared<learnwares::SemanticIndex>(learnwares::SemanticIndex::of(snapshot.entries));
  }

  /// The result by insertion order; for similar texts, the most similar first.
  [[nodiscard]] Positions positions() {
    const learnwares::Bitmap tagged = selected();
    if (folded_.empty()) return index_->positions(tagged, request_.limit);
    return with_text(index_->positions(tagged));
  }
  [[nodiscard]] learnwares::Bitmap items() {
    learnwares::Bitmap tagged = selected();
    if (folded_.empty()) return tagged;
    Positions positions = with_text(index_->positions(tagged));
    std::sort(positions.begin(), positions.end());
    learnwares::Bitmap items;
    items.add(index_->items_at(positions));
    return items;
  }

 private:
  [[nodiscard]] const learnwares::Entry& entry(learnwares::SnapshotPosition position) const {
    return *snapshot_.entries[position.index()];
  }

  /// The items that pass by their values and their status.
  [[nodiscard]] learnwares::Bitmap selected() const {
    const learnwares::Bitmap tagged = index_->select(request_.wanted);
    if (request_.statuses.empty()) return tagged;
    const learnwares::Bitmap none;
    const learnwares::Bitmap& verified = snapshot_.tried ? snapshot_.tried->verified : none;
    const learnwares::Bitmap& failed = snapshot_.tried ? snapshot_.tried->failed : none;
    std::vector<learnwares::Bitmap> parts;
    for (const catalog::Status status : request_.statuses) {
      learnwares::Bitmap& part = parts.emplace_back(tagged);
      if (status == catalog::Status::unverified) {
        part -= verified;
        part -= failed;
      } else {
        part &= status == catalog::Status::verified ? verified : failed;
      }
    }
    std::vector<const learnwares::Bitmap*> sets;
    for (const learnwares::Bitmap& part : parts) sets.push_back(&part);
    return learnwares::Bitmap::any_of(sets);
  }

  Positions with_text(const Positions& tagged) {
    if (request_.limit < kFewEntries) {  // the first few with a common text are among the first learnwares
      Positions first = containing(std::span(tagged).first(std::min(tagged.size(), kFewEntries)));
      if (first.size() == request_.limit) return first;
    }
    const auto candidates = deadline_.cut() ? std::nullopt : text_candidates(tagged);
    Positions hits = containing(candidates ? *candidates : tagged);
    return hits.empty() ? similar(tagged) : hits;
  }

  Positions containing(std::span<const learnwares::SnapshotPosition> positions) {
    Positions hits;
    for (std::size_t i = 0;
         i < positions.size() && hits.size() < request_.limit && !stop_before(i, kContainsStride, deadline_);
         ++i)
      if (contains(entry(positions[i]), folded_)) hits.push_back(positions[i]);
    return hits;
  }

  [[nodiscard]] std::optional<Positions> text_candidates(const Positions& tagged) const;
  Positions similar(const Positions& tagged);
  /// @param positions positions of one task @param late set when the budget is spent; the first task begins
  /// anyway
  /// @threads any
  std::vector<Similar> similar_of_task(std::span<const learnwares::SnapshotPosition> positions, bool first,
                                       std::atomic<bool>& late) const;

  const learnwares::Snapshot& snapshot_;
  std::shared_ptr<const learnwares::SemanticIndex> index_;
  const FilterRequest& request_;
  Deadline& deadline_;
  std::string folded_;
};

/// The positions of `tagged` that the catalogue's text index does not exclude: all that contain the text, and
/// more. None: the index cannot tell, or it describes another state than the snapshot's.
std::optional<Positions> Filter::text_candidates(const Positions& tagged) const {
  if (request_.catalog == nullptr || tagged.size() <= kFewEntries) return std::nullopt;
  const auto found = request_.catalog->text_candidates(folded_, snapshot_.entries.size() / kCandidateShare);
  if (!found) {
    log(LogLevel::warning, "the text index is not used: " + found.error().message);
    return std::nullopt;
  }
  if (!found->complete || found->version != snapshot_.version) return std::nullopt;
  Positions candidates;
  auto next = tagged.begin();
  for (const LearnwareNumber sequence : found->sequences) {
    if (next == tagged.end()) break;
    // Sequences rise by one or more, so the wanted one is at most their difference away.
    const std::uint64_t apart = sequence.value() - std::min(sequence, entry(*next).sequence()).value();
    const auto left = static_cast<std::uint64_t>(tagged.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, apart + 1));
    next = std::lower_bound(next, end, sequence,
                            [&](learnwares::SnapshotPosition position, LearnwareNumber wanted) {
                              return entry(position).sequence() < wanted;
                            });
    if (next != tagged.end() && entry(*next).sequence() == sequence) candidates.push_back(*next);
  }
  return candidates;
}

// No trigram index can find what is merely similar. At a ratio of 75 a text may share not one trigram with
// the query, whatever the query's length m > 2: Let a window of w letters have a common subsequence of L with
// the query. Of the query's m - 2 trigrams a letter outside the subsequence spoils at most three, letters put
// between two of it at most two, so that at least m - 2 - 3 (m - L) - 2 (w - L) = 5 L - 2 (m + w) - 2 remain.
// A ratio c means L >= c / 200 (m + w): what remains is at least (c / 40 - 2) (m + w) - 2, which is positive
// only if c > 80. At 75 nothing need remain: the test ASimilarTextMayShareNoTrigram builds such a text for
// each length by leaving a letter out and putting one in, in turns. So trigrams choose candidates only for
// texts that contain the query, which they find completely.
Positions Filter::similar(const Positions& tagged) {
  std::vector<std::vector<Similar>> of_task((tagged.size() + kFuzzyTask - 1) / kFuzzyTask);
  std::atomic<bool> late = false;
  run_tasks(of_task.size(), request_.threads, [&](std::size_t task) {
    const std::size_t begin = task * kFuzzyTask, count = std::min(kFuzzyTask, tagged.size() - begin);
    of_task[task] = similar_of_task(std::span(tagged).subspan(begin, count), task == 0, late);
  });
  if (late) deadline_.cut_short();
  std::vector<Similar> scored;
  for (const auto& some : of_task) scored.insert(scored.end(), some.begin(), some.end());
  std::stable_sort(scored.begin(), scored.end(),
                   [](const Similar& a, const Similar& b) { return a.first > b.first; });
  scored.resize(std::min({scored.size(), kMaxFuzzyHits, request_.limit}));
  Positions hits;
  hits.reserve(scored.size());
  for (const auto& [score, position] : scored) hits.push_back(position);
  return hits;
}

std::vector<Similar> Filter::similar_of_task(std::span<const learnwares::SnapshotPosition> positions,
                                             bool first, std::atomic<bool>& late) const {
  text::PartialRatio ratio(folded_);
  std::vector<Similar> scored;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (i % kFuzzyStride == 0 && !(first && i == 0) && (late || deadline_.is_over())) {
      late = true;
      break;
    }
    const learnwares::Entry& one = entry(positions[i]);
    double score = ratio.against(one.folded_name(), kFuzzyThreshold);
    if (score < 100)
      score = std::max(score, ratio.against(one.folded_description(), std::max(score, kFuzzyThreshold)));
    if (score >= kFuzzyThreshold) scored.emplace_back(score, positions[i]);
  }
  return scored;
}

}  // namespace

learnwares::Selection filter(const learnwares::Snapshot& snapshot, const FilterRequest& request,
                             Deadline& deadline) {
  const Positions positions = Filter(snapshot, request, deadline).positions();
  learnwares::Selection entries;
  entries.reserve(positions.size());
  for (const learnwares::SnapshotPosition position : positions)
    entries.push_back(snapshot.entries[position.index()].get());
  return entries;
}

learnwares::Bitmap filter_items(const learnwares::Snapshot& snapshot, const FilterRequest& request,
                                Deadline& deadline) {
  return Filter(snapshot, request, deadline).items();
}

}  // namespace learndock::query
