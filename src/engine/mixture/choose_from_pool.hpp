#pragma once

#include "engine/mixture/mixture_state.hpp"
#include "engine/mixture/refit.hpp"
#include "engine/mixture/unexplained_objective.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace learndock::engine {

/// Finds the next member in a pool: the learnwares that the index finds best aligned with g, and the
/// neighbours of the user and of each member. The best refit of the pool is mostly the best of all, at the
/// cost of two scans. The bound of the last learnware that a scan returned proves `most`.
class ChoiceFromPool {
 public:
  /// Whether every part has bounds, or is so small that all its items come into the pool.
  [[nodiscard]] static bool is_possible(const MixtureState& state, const PoolSize& pool);

  explicit ChoiceFromPool(const MixtureOptions& options) : options_(options) {}
  /// @param max_evaluations the most learnwares that come into the pool; a first few always do
  /// @errors corrupt; as the prefilters
  [[nodiscard]] Result<NextMember> next(MixtureState& state, std::size_t max_evaluations);

 private:
  /// Products of all rows with one set; the first `known` are computed.
  struct Column {
    std::vector<float>* values;
    std::size_t known;
  };
  struct TakenSet {
    std::vector<double> memory;
    compute::ReducedSetView view;
  };
  using Columns = std::vector<Column>;  // of the user, then of the members

  // These three put items of a part into the pool: all items; the best aligned, returning a bound of every
  // other item's alignment; the nearest to the user and to new members.
  [[nodiscard]] bool take_all(const FilteredPart& part, std::size_t number);
  [[nodiscard]] Result<double> take_aligned(const MixtureState& state, const UnexplainedObjective& alignment,
                                            std::size_t part);
  [[nodiscard]] Result<void> take_neighbours(const MixtureState& state, std::size_t part);
  /// Returns false if there is no room for the item.
  [[nodiscard]] bool take(std::size_t part, PartItem item);

  /// Returns false if the deadline came first; the last rows are then removed again.
  [[nodiscard]] Result<bool> complete_columns(const MixtureState& state);
  [[nodiscard]] Result<void> complete_rows(const MixtureState& state, const Columns& columns,
                                           std::size_t first, std::size_t end);
  [[nodiscard]] Result<void> complete_row(const MixtureState& state, const Columns& columns, TableRow row);
  void forget_from(std::size_t row);
  [[nodiscard]] Result<void> choose(const MixtureState& state, NextMember& step) const;

  const MixtureOptions& options_;
  std::vector<ItemRow> rows_;
  std::vector<TakenSet> sets_;  // [rows]
  std::set<ItemKey> taken_;
  std::size_t room_ = 0;                               // for more rows in this step
  std::vector<float> with_user_;                       // [rows]
  std::map<ItemKey, std::vector<float>> with_member_;  // [rows] at most, of all that ever were members
};

}  // namespace learndock::engine
