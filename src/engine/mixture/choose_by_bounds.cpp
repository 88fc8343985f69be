#include "engine/mixture/choose_by_bounds.hpp"

#include "engine/mixture/unexplained_objective.hpp"

#include <algorithm>

namespace learndock::engine {

Result<NextMember> choose_by_bounds(MixtureState& state, const MixtureOptions& options) {
  LEARNDOCK_CHECK(UnexplainedObjective::prepare(state.parts()));
  CertifiedOptions search;
  search.top = 1;
  search.deadline = options.deadline;
  search.threads = options.threads;
  search.max_evaluations = options.max_evaluations;
  state.embed();
  const UnexplainedObjective alignment(state);
  const Objective* const objective = &alignment;
  LEARNDOCK_TRY(const std::vector<BoundedAnswer> found,
                bounded_search(state.parts(), {&objective, 1}, search));
  const BoundedAnswer& answer = found[0];
  NextMember step;
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
