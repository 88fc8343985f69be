#pragma once

#include "learndock/compute/backend.hpp"

#include "trial/trial_sets.hpp"

#include <optional>

namespace learndock::trial {

struct RegionOptions {
  std::size_t points = 20;      ///< of each reduced set
  std::optional<double> gamma;  ///< none: 1 / median squared distance of the standardised rows
  std::uint64_t seed = 1;
};

/// Makes learnwares as people with different parts of one real table would: a random row and some of the rows
/// nearest to it, reduced to a weighted set by the reducer. Features are standardised; missing cells become
/// their column's mean. Copies the table.
/// @errors table_empty, table_column, invalid_argument (fewer rows than a region of so many points takes)
/// @cost   each set: distances to all rows, then k-means and weights of 2 to 8 rows a point
[[nodiscard]] Result<std::unique_ptr<TrialSets>> region_sets(MatrixView<const float> table,
                                                             const RegionOptions& options,
                                                             std::shared_ptr<const compute::Backend> backend);

}  // namespace learndock::trial
