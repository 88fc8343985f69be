#include "market/semantic_filter.hpp"

#include "learndock/index/partial_ratio.hpp"

#include <algorithm>
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

Entries containing(const Entries& entries, const std::string& folded, std::size_t limit, Deadline& deadline) {
  Entries hits;
  for (std::size_t i = 0;
       i < entries.size() && hits.size() < limit && !stop_before(i, kContainsStride, deadline); ++i)
    if (contains(*entries[i], folded)) hits.push_back(entries[i]);
  return hits;
}

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
  Entries hits = containing(entries, folded, request.limit, deadline);
  return hits.empty() ? fuzzy_hits(entries, folded, request.limit, deadline) : hits;
}

}  // namespace learndock::market
