#pragma once

#include "engine/mixture/mixture_state.hpp"
#include "engine/mixture/refit.hpp"
#include "engine/search/cross_term_table.hpp"

#include <cstddef>
#include <map>

namespace learndock::engine {

/// Finds the learnware that makes the refitted mixture best, and the best alignment, by products with all
/// learnwares.
class ChoiceAmongAll {
 public:
  ChoiceAmongAll(const MixtureState& state, const MixtureOptions& options);

  /// As CrossTermTable::packing_time.
  [[nodiscard]] Result<CrossTermTable::Duration> packing_time() { return table_.packing_time(); }
  /// @errors corrupt; invalid_argument (values beyond fp32); of the backend
  [[nodiscard]] Result<NextMember> next(const MixtureState& state, const Deadline& deadline);

 private:
  /// Computes columns for the query and all members; returns false if the deadline came first.
  [[nodiscard]] Result<bool> complete_columns(const MixtureState& state, const Deadline& deadline);

  const MixtureOptions& options_;
  CrossTermTable table_;
  std::map<ItemKey, std::size_t> columns_;
};

}  // namespace learndock::engine
