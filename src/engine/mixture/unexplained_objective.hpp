#pragma once

#include "engine/mixture/mixture_state.hpp"
#include "engine/search/bounded_search.hpp"

#include <span>
#include <vector>

namespace learndock::engine {

/// Minus the alignment with what a mixture leaves unexplained. A search for the next member minimises it.
class UnexplainedObjective final : public Objective {
 public:
  /// @pre `state.embed()` was called since its last change
  explicit UnexplainedObjective(const MixtureState& state);

  /// Makes the prefilters, so that `prefilter` cannot fail. @errors device_memory
  [[nodiscard]] static Result<void> prepare(std::span<const FilteredPart> parts);

  Result<double> value(const SearchPart& part, PartItem item, std::vector<double>& memory) const override;
  const Embedding& embedding(std::size_t part) const override { return embeddings_[part]; }
  const Prefilter& prefilter(const SearchPart& part) const override {
    return *part.alignment_prefilter().value();
  }
  double least_value(std::size_t part, double bound) const override {
    return (bound - level_[part]) / 2 + rest_[part];
  }
  double bound_of(std::size_t part, double value) const override {
    return 2 * (value - rest_[part]) + level_[part];
  }

 private:
  const MixtureState& state_;
  std::vector<Embedding> embeddings_;
  std::vector<double> level_, rest_;
};

}  // namespace learndock::engine
