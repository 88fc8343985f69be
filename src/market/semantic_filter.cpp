#include "market/semantic_filter.hpp"

#include "learndock/index/partial_ratio.hpp"

#include <algorithm>

namespace learndock::market {
namespace {

// The reference's constants.
constexpr double kFuzzyThreshold = 75;
constexpr std::size_t kMaxFuzzyHits = 50'000;

bool matches(const index::Entry& entry, const spec::SemanticSpecification& wanted) {
  for (std::size_t key = 0; key < spec::kSemanticKeys; ++key) {
    const auto& want = wanted.values[key];
    if (want.empty()) continue;
    const auto& have = entry.values[key];
    if (std::find_first_of(have.begin(), have.end(), want.begin(), want.end()) == have.end()) return false;
  }
  return true;
}

Entries fuzzy_hits(const Entries& entries, const std::string& text) {
  std::vector<std::pair<double, std::size_t>> scored;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const double score = std::max(index::partial_ratio(text, entries[i]->folded_name),
                                  index::partial_ratio(text, entries[i]->folded_description));
    if (score >= kFuzzyThreshold) scored.emplace_back(score, i);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (scored.size() > kMaxFuzzyHits) scored.resize(kMaxFuzzyHits);
  Entries hits;
  for (const auto& [score, i] : scored) hits.push_back(entries[i]);
  return hits;
}

}  // namespace

Entries filter(const index::Snapshot& snapshot, const spec::SemanticSpecification& wanted,
               const std::string& text) {
  Entries kept;
  for (const auto& entry : snapshot.entries)
    if (matches(*entry, wanted)) kept.push_back(entry);
  const std::string folded = index::fold_case(text.empty() ? wanted.name : text);
  if (folded.empty()) return kept;
  Entries containing;
  for (const auto& entry : kept)
    if (entry->folded_name.find(folded) != std::string::npos ||
        entry->folded_description.find(folded) != std::string::npos)
      containing.push_back(entry);
  return containing.empty() ? fuzzy_hits(kept, folded) : containing;
}

}  // namespace learndock::market
