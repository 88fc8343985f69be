#pragma once

#include "compute/cpu/cpu_kernels.hpp"

#include <cstddef>

namespace learndock::compute {

/// Whether the products suffice: `rows` and `cols` are not read.
[[nodiscard]] bool products_suffice(const KernelBlock& block, std::size_t dimension);

/// kernel_row_sums, and the way out where it would be wrong: squared distances from norms and products carry
/// an error of some units in the last place of the norms. With norms of 1e16 (a column of ids or epoch
/// seconds) that exceeds the distance between near points. Then near pairs are measured again by direct
/// difference.
///
/// @param rows  [block.rows x dimension] the points themselves, not less a centre: of a point near zero, less
///              a far centre, nothing is left; and cols [block.cols x dimension]
/// @cost        as kernel_row_sums for ordinary data; a plain loop over the block for wide data
void safe_row_sums(const KernelBlock& block, const double* rows, const double* cols, std::size_t dimension,
                   double* row_sums);

}  // namespace learndock::compute
