#include "market/semantic_filter.hpp"

#include "learndock/base/log.hpp"
#include "learndock/index/partial_ratio.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace learndock::market {
namespace {

// The reference's constants.
constexpr double kFuzzyThreshold = 75;
constexpr std::size_t kMaxFuzzyHits = 50'000;
/// Learnwares looked at between two looks at the clock; an alignment costs far more than a comparison.
constexpr std::size_t kContainsStride = 256, kFuzzyStride = 16;

/// Whether to stop before item i. The first stride is always done: an answer holds something.
bool stop_before(std::size_t i, std::size_t stride, Deadline& deadline) {
  return i > 0 && i % stride == 0 && deadline.spent();
}

/// The entries with the wanted values and id.
class Tagged {
 public:
  Tagged(const index::Snapshot& snapshot, const spec::SemanticSpecification& wanted)
      : snapshot_(snapshot), index_(snapshot.semantic) {
    if (!index_) index_ = std::make_shared<index::SemanticIndex>(index::SemanticIndex::of(snapshot.entries));
    selected_ = index_->select(wanted);
  }

  [[nodiscard]] Entries first(std::size_t limit) const {
    Entries entries;
    const auto positions = index_->positions(selected_, limit);
    entries.reserve(positions.size());
    for (const std::uint32_t position : positions) entries.push_back(snapshot_.entries[position].get());
    return entries;
  }

 private:
  const index::Snapshot& snapshot_;
  std::shared_ptr<const index::SemanticIndex> index_;
  index::Bitmap selected_;
};

bool contains(const index::Entry& entry, const std::string& folded) {
  return entry.folded_name.find(folded) != std::string::npos ||
         entry.folded_description.find(folded) != std::string::npos;
}

Entries containing(std::span<const index::Entry* const> entries, const std::string& folded, std::size_t limit,
                   Deadline& deadline) {
  Entries hits;
  for (std::size_t i = 0;
       i < entries.size() && hits.size() < limit && !stop_before(i, kContainsStride, deadline); ++i)
    if (contains(*entries[i], folded)) hits.push_back(entries[i]);
  return hits;
}

/// Up to this many are read as fast as the catalogue answers. Of more than an eighth of the dock the
/// candidates cost more than reading all.
constexpr std::size_t kFewEntries = 2000, kCandidateShare = 8;

/// Those of `entries` that the catalogue's text index does not exclude: all that contain the text, and more.
/// None: it cannot tell, or speaks of another state than the snapshot's.
std::optional<Entries> text_candidates(const index::Snapshot& snapshot, const Entries& entries,
                                       const std::string& folded, const catalog::Catalog* catalog) {
  if (catalog == nullptr || entries.size() <= kFewEntries) return std::nullopt;
  const auto found = catalog->text_candidates(folded, snapshot.entries.size() / kCandidateShare);
  if (!found) {
    log(LogLevel::warning, "the text index is not used: " + found.error().message);
    return std::nullopt;
  }
  if (!found->complete || found->version != snapshot.version) return std::nullopt;
  Entries candidates;
  auto next = entries.begin();
  for (const std::uint64_t sequence : found->sequences) {
    if (next == entries.end()) break;
    // Sequences rise by one or more, so the wanted one is at most their difference away.
    const std::uint64_t apart = sequence - std::min(sequence, (*next)->sequence);
    const auto left = static_cast<std::uint64_t>(entries.end() - next);
    const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, apart + 1));
    next = std::lower_bound(next, end, sequence, [](const index::Entry* entry, std::uint64_t wanted) {
      return entry->sequence < wanted;
    });
    if (next != entries.end() && (*next)->sequence == sequence) candidates.push_back(*next);
  }
  return candidates;
}

// No trigram index can find what is merely similar. At a ratio of 75 a text may share not one trigram with
// the query, whatever the query's length m > 2:
//   Let a window of w letters have a common subsequence of L with the query. Of the query's m - 2 trigrams a
//   letter outside the subsequence spoils at most three, letters put between two of it at most two, so that
//   at least m - 2 - 3 (m - L) - 2 (w - L) = 5 L - 2 (m + w) - 2 remain. A ratio c means L >= c / 200 (m +
//   w): what remains is at least (c / 40 - 2) (m + w) - 2, which is positive only if c > 80. At 75 nothing
//   need remain: the test ASimilarTextMayShareNoTrigram builds such a text for each length by leaving a
//   letter out and putting one in, in turns.
// So the trigrams choose candidates only among texts that contain the query, where they are complete.
Entries fuzzy_hits(const Entries& entries, const std::string& folded, std::size_t limit, Deadline& deadline) {
  index::PartialRatio ratio(folded);
  std::vector<std::pair<double, std::size_t>> scored;
  for (std::size_t i = 0; i < entries.size() && !stop_before(i, kFuzzyStride, deadline); ++i) {
    double score = ratio.against(entries[i]->folded_name, kFuzzyThreshold);
    if (score < 100)
      score =
          std::max(score, ratio.against(entries[i]->folded_description, std::max(score, kFuzzyThreshold)));
    if (score >= kFuzzyThreshold) scored.emplace_back(score, i);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  scored.resize(std::min({scored.size(), kMaxFuzzyHits, limit}));
  Entries hits;
  hits.reserve(scored.size());
  for (const auto& [score, i] : scored) hits.push_back(entries[i]);
  return hits;
}

}  // namespace

Entries filter(const index::Snapshot& snapshot, const FilterRequest& request, Deadline& deadline) {
  const Tagged tagged(snapshot, request.wanted);
  const std::string folded = index::fold_case(request.text.empty() ? request.wanted.name : request.text);
  if (folded.empty()) return tagged.first(request.limit);
  const Entries entries = tagged.first(SIZE_MAX);
  if (request.limit < kFewEntries) {  // of a common text the first few are among the first learnwares
    Entries first = containing(std::span(entries).first(std::min(entries.size(), kFewEntries)), folded,
                               request.limit, deadline);
    if (first.size() == request.limit) return first;
  }
  const auto candidates =
      text_candidates(snapshot, entries, folded, deadline.cut() ? nullptr : request.catalog);
  Entries hits = containing(candidates ? *candidates : entries, folded, request.limit, deadline);
  return hits.empty() ? fuzzy_hits(entries, folded, request.limit, deadline) : hits;
}

}  // namespace learndock::market
