#pragma once

#include "engine/mixture/alignment_objective.hpp"
#include "engine/mixture/mixture_choice.hpp"
#include "engine/mixture/mixture_state.hpp"
#include "engine/search/product_table.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace learndock::engine {

/// Three ways to the next member of a mixture and to what bounds every other.

/// By ascending bounds: the best aligned learnware, proved. @errors as bounded_search
[[nodiscard]] Result<MixtureStep> step_by_index(MixtureState& state, const MixtureOptions& options);

/// A learnware's (part, item).
using ItemKey = std::pair<std::size_t, std::size_t>;

/// By a pool of those that promise most: the index's best aligned with g and the neighbours of the user and
/// of each member. The best refit of the pool is mostly that of all, at the cost of two scans; `most` is
/// proved by the bound of the last that a scan returned.
class PoolSteps {
 public:
  /// Whether bounds can be asked of all parts, or nearly: the others are so small that all is in the pool.
  [[nodiscard]] static bool is_possible(const MixtureState& state, const PoolSize& pool);

  explicit PoolSteps(const MixtureOptions& options) : options_(options) {}
  /// @param max_evaluations  of learnwares that come into the pool, but a first few
  /// @errors corrupt; as the prefilters
  [[nodiscard]] Result<MixtureStep> next(MixtureState& state, std::size_t max_evaluations);

 private:
  /// Products of all rows with one set, of which the first `known` are there.
  struct Column {
    std::vector<float>* values;
    std::size_t known;
  };
  struct TakenSet {
    std::vector<double> memory;
    compute::ReducedSetView view;
  };
  using Columns = std::vector<Column>;  // of the user, then of the members

  // Items of a part come into the pool: all; the best aligned, with a bound of every other's alignment; the
  // nearest to the user and to members that are new.
  [[nodiscard]] bool take_all(const FilteredPart& part, std::size_t number);
  [[nodiscard]] Result<double> take_aligned(const MixtureState& state, const Alignment& alignment,
                                            std::size_t part);
  [[nodiscard]] Result<void> take_neighbours(const MixtureState& state, std::size_t part);
  /// False: there is no room for it.
  [[nodiscard]] bool take(std::size_t part, std::size_t item);

  /// False: the deadline came first, and the last rows are gone again.
  [[nodiscard]] Result<bool> complete_columns(const MixtureState& state);
  [[nodiscard]] Result<void> complete_rows(const MixtureState& state, const Columns& columns,
                                           std::size_t first, std::size_t end);
  [[nodiscard]] Result<void> complete_row(const MixtureState& state, const Columns& columns, std::size_t row);
  void forget_from(std::size_t row);
  [[nodiscard]] Result<void> judge(const MixtureState& state, MixtureStep& step) const;

  const MixtureOptions& options_;
  std::vector<ItemRow> rows_;
  std::vector<TakenSet> sets_;  // [rows]
  std::set<ItemKey> taken_;
  std::size_t room_ = 0;                               // for more rows in this step
  std::vector<float> with_user_;                       // [rows]
  std::map<ItemKey, std::vector<float>> with_member_;  // [rows] at most, of all that ever were members
};

/// By products with all learnwares: the one that makes the refitted mixture best, and the best alignment.
class ProductSteps {
 public:
  ProductSteps(const MixtureState& state, const MixtureOptions& options);

  /// As ProductTable::packing_time.
  [[nodiscard]] Result<ProductTable::Duration> packing_time() { return table_.packing_time(); }
  /// @errors corrupt; invalid_argument (values beyond fp32); of the backend
  [[nodiscard]] Result<MixtureStep> next(const MixtureState& state, const Deadline& deadline);

 private:
  /// Columns for the query and all members; false when the deadline came first.
  [[nodiscard]] Result<bool> complete_columns(const MixtureState& state, const Deadline& deadline);

  const MixtureOptions& options_;
  ProductTable table_;
  std::map<ItemKey, std::size_t> columns_;
};

}  // namespace learndock::engine
