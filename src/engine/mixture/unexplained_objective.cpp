#include "engine/mixture/unexplained_objective.hpp"

namespace learndock::engine {

UnexplainedObjective::UnexplainedObjective(const MixtureState& state) : state_(state) {
  const std::span<const FilteredPart> parts = state.parts();
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const SearchPart& part = *parts[p].part;
    if (part.space() == nullptr) {
      embeddings_.emplace_back();
      level_.push_back(0);
      rest_.push_back(0);
      continue;
    }
    embeddings_.push_back(state.embedding(p));
    const Embedding& g = embeddings_.back();
    // bound = norm + |g|^2 - 2 (upper bound of <a, g>), less what the middle adds.
    level_.push_back(part.alignment_norm() + g.squared_norm);
    rest_.push_back(-part.space()->middle_product(g) - part.space()->margin(part.largest_mass(), g.mass));
  }
}

Result<void> UnexplainedObjective::prepare(std::span<const FilteredPart> parts) {
  for (const FilteredPart& part : parts)
    if (part.part->space() != nullptr) LEARNDOCK_CHECK(part.part->alignment_prefilter());
  return {};
}

Result<double> UnexplainedObjective::value(const SearchPart& part, PartItem item,
                                           std::vector<double>& memory) const {
  LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(item, memory));
  return state_.alignment(set).map([](double value) { return -value; });
}

}  // namespace learndock::engine
