#pragma once

#include "learnwares/snapshot.hpp"
#include "text/fold_case.hpp"
#include "text/partial_ratio.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace learndock::query {

/// What filtering means: every learnware looked at, nothing prepared, nothing skipped.
inline std::vector<const learnwares::Entry*> plain_filter(const learnwares::Snapshot& snapshot,
                                                          const specification::SemanticSpecification& wanted,
                                                          const std::string& text) {
  std::vector<const learnwares::Entry*> kept, containing;
  for (const auto& entry : snapshot.entries) {
    const specification::SemanticTexts values = specification::semantic_texts(entry->values());
    bool matches = entry->id().find(wanted.learnware_id) != std::string::npos;
    for (std::size_t key = 0; key < specification::kSemanticKeys; ++key) {
      const auto &want = wanted.values[key], &have = values[key];
      matches = matches && (want.empty() || std::find_first_of(have.begin(), have.end(), want.begin(),
                                                               want.end()) != have.end());
    }
    if (matches) kept.push_back(entry.get());
  }
  const std::string folded = text::fold_case(text.empty() ? wanted.name : text);
  if (folded.empty()) return kept;
  for (const auto* entry : kept)
    if (entry->folded_name().find(folded) != std::string::npos ||
        entry->folded_description().find(folded) != std::string::npos)
      containing.push_back(entry);
  if (!containing.empty()) return containing;
  std::vector<std::pair<double, const learnwares::Entry*>> scored;
  for (const auto* entry : kept) {
    const double score = std::max(text::partial_ratio(folded, entry->folded_name()),
                                  text::partial_ratio(folded, entry->folded_description()));
    if (score >= 75) scored.emplace_back(score, entry);
  }
  std::stable_sort(scored.begin(), scored.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  if (scored.size() > 50'000) scored.resize(50'000);
  std::vector<const learnwares::Entry*> hits;
  for (const auto& [score, entry] : scored) hits.push_back(entry);
  return hits;
}

}  // namespace learndock::query
