#include "market/semantic_filter.hpp"

#include "learndock/index/partial_ratio.hpp"

#include <algorithm>

namespace learndock::market {
namespace {

// The reference's constants.
constexpr double kFuzzyThreshold = 75;
constexpr std::size_t kMaxFuzzyHits = 50'000;
/// Learnwares looked at between two looks at the clock; an alignment costs far more than a comparison.
constexpr std::size_t kTagStride = 4096, kContainsStride = 256, kFuzzyStride = 16;

bool matches(const index::Entry& entry, const spec::SemanticSpecification& wanted) {
  if (entry.id.text().find(wanted.learnware_id) == std::string::npos) return false;
  for (std::size_t key = 0; key < spec::kSemanticKeys; ++key) {
    const auto& want = wanted.values[key];
    if (want.empty()) continue;
    const auto& have = entry.values[key];
    if (std::find_first_of(have.begin(), have.end(), want.begin(), want.end()) == have.end()) return false;
  }
  return true;
}

/// Whether to stop before item i. The first stride is always done: an answer holds something.
bool stop_before(std::size_t i, std::size_t stride, Deadline& deadline) {
  return i > 0 && i % stride == 0 && deadline.spent();
}

Entries fuzzy_hits(const Entries& entries, const std::string& text, Deadline& deadline) {
  index::PartialRatio ratio(text);
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
  if (scored.size() > kMaxFuzzyHits) scored.resize(kMaxFuzzyHits);
  Entries hits;
  hits.reserve(scored.size());
  for (const auto& [score, i] : scored) hits.push_back(entries[i]);
  return hits;
}

}  // namespace

Entries filter(const index::Snapshot& snapshot, const spec::SemanticSpecification& wanted,
               const std::string& text, Deadline& deadline) {
  Entries kept;
  for (std::size_t i = 0; i < snapshot.entries.size() && !stop_before(i, kTagStride, deadline); ++i)
    if (matches(*snapshot.entries[i], wanted)) kept.push_back(snapshot.entries[i].get());
  const std::string folded = index::fold_case(text.empty() ? wanted.name : text);
  if (folded.empty()) return kept;
  Entries containing;
  for (std::size_t i = 0; i < kept.size() && !stop_before(i, kContainsStride, deadline); ++i)
    if (kept[i]->folded_name.find(folded) != std::string::npos ||
        kept[i]->folded_description.find(folded) != std::string::npos)
      containing.push_back(kept[i]);
  return containing.empty() ? fuzzy_hits(kept, folded, deadline) : containing;
}

}  // namespace learndock::market
