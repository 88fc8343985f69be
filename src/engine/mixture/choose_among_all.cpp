#include "engine/mixture/choose_among_all.hpp"

namespace learndock::engine {

ChoiceAmongAll::ChoiceAmongAll(const MixtureState& state, const MixtureOptions& options)
    : options_(options), table_(state.parts(), *options.backend, options.threads) {}

Result<NextMember> ChoiceAmongAll::next(const MixtureState& state, const Deadline& deadline) {
  NextMember step;
  LEARNDOCK_TRY(const bool complete, complete_columns(state, deadline));
  step.cut = !complete;
  if (step.cut) return step;
  std::vector<double> factors(table_.columns(), 0.0);
  factors[0] = 1;
  KnownRows known;
  for (std::size_t i = 0; i < state.size(); ++i) {
    const std::size_t column = columns_.at(key_of(state.hit(i)));
    factors[column] = -state.weights()[i];
    known.with_members.push_back(table_.values(column));
  }
  const CrossTermTable::Sums sums = table_.sums(factors);
  known.rows = table_.rows();
  known.with_user = table_.values(0);
  known.aligned = sums.values;
  known.errors = sums.errors;
  LEARNDOCK_CHECK(find_most(state, known, step));
  LEARNDOCK_TRY(step.next, best_refit(state, known, options_.threads));
  return step;
}

Result<bool> ChoiceAmongAll::complete_columns(const MixtureState& state, const Deadline& deadline) {
  std::vector<compute::ReducedSetView> missing;
  if (table_.columns() == 0) missing.push_back(state.query());
  std::map<ItemKey, std::size_t> known = columns_;
  for (std::size_t i = 0; i < state.size(); ++i) {
    if (known.emplace(key_of(state.hit(i)), table_.columns() + missing.size()).second)
      missing.push_back(state.view(i));
  }
  LEARNDOCK_TRY(const bool added, table_.add(missing, deadline));
  if (added) columns_ = std::move(known);
  return added;
}

}  // namespace learndock::engine
