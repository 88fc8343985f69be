#include "engine/mixture/alignment_objective.hpp"
#include "engine/mixture/mixture_steps.hpp"

#include <algorithm>

namespace learndock::engine {

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
  // Values are minus alignments. This is the least of all learnwares, seen or not.
  double least = answer.unseen;
  if (!answer.hits.empty()) {
    if (!state.has(answer.hits[0])) step.next = answer.hits[0];
    step.seen = -answer.hits[0].mmd_squared;
    least = std::min(least, answer.hits[0].mmd_squared);
  }
  step.most = -least;
  return step;
}

}  // namespace learndock::engine
