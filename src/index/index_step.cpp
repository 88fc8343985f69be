#include "index/mixture_steps.hpp"

#include <algorithm>

namespace learndock::index {
namespace {

/// Minus the alignment with what a mixture leaves unexplained.
class Alignment final : public Objective {
 public:
  explicit Alignment(const MixtureState& state) : state_(state) {
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

  /// Makes the prefilters, so that `prefilter` cannot fail.
  static Result<void> prepare(std::span<const FilteredPart> parts) {
    for (const FilteredPart& part : parts)
      if (part.part->space() != nullptr) LEARNDOCK_CHECK(part.part->alignment_prefilter());
    return {};
  }

  Result<double> value(const SearchPart& part, std::size_t item, std::vector<double>& memory) const override {
    LEARNDOCK_TRY(const compute::ReducedSetView set, part.set(item, memory));
    return -state_.alignment(set);
  }
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

}  // namespace

Result<MixtureStep> step_by_index(MixtureState& state, const MixtureOptions& options) {
  LEARNDOCK_CHECK(Alignment::prepare(state.parts()));
  CertifiedOptions search;
  search.top = 1;
  search.deadline = options.deadline;
  search.threads = options.threads;
  search.max_evaluations = options.max_evaluations;
  state.embed();
  const Alignment alignment(state);
  const Objective* const objective = &alignment;
  LEARNDOCK_TRY(const std::vector<BoundedAnswer> found,
                bounded_search(state.parts(), {&objective, 1}, search));
  const BoundedAnswer& answer = found[0];
  MixtureStep step;
  step.evaluated = answer.evaluated;
  // Values are minus alignments: the least of all there is, seen or not.
  double least = answer.unseen;
  if (!answer.hits.empty()) {
    if (!state.has(answer.hits[0])) step.next = answer.hits[0];
    least = std::min(least, answer.hits[0].mmd_squared);
  }
  step.most = -least;
  return step;
}

}  // namespace learndock::index
