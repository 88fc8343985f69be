#pragma once

#include "learndock/compute/packed_sets.hpp"

#include <cstddef>

namespace learndock::compute {

/// Terms added in turn; groups of them are added in turn again, so that rounding grows with both numbers
/// and not with their product.
inline constexpr std::size_t kSummedRows = 128;

/// Eight neighbouring points (DirectPoints' layout) against the weighted rows of a set.
struct DirectBlock {
  const double* points;  ///< [dimension][8]
  const double* rows;    ///< [count][dimension]
  const double* weights;
  std::size_t count, dimension;
};

/// sums[0..8) = the weighted kernel sums of the eight points.
void direct_block_sums(const DirectBlock& block, const Kernel& kernel, double* sums);

}  // namespace learndock::compute
