#pragma once

#include "learndock/compute/backend.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace learndock::compute {

/// Whether slope sums have to be formed beside the kernel's: with one scale they are the same.
[[nodiscard]] inline bool own_slopes(const Kernel& kernel, const DataSums& out) {
  return kernel.scales > 1 && (!out.slope.empty() || out.slope_point.data() != nullptr);
}

inline void clear(const DataSums& out) {
  std::fill(out.kernel.begin(), out.kernel.end(), 0.0);
  std::fill(out.slope.begin(), out.slope.end(), 0.0);
  std::fill_n(out.slope_point.data(), out.slope_point.size(), 0.0);
}

/// Ends a summation whose rows had `centre` taken off: h(z, x) times the centre completes the point sums.
/// @param slopes  [K] sum_x h(z_i, x): the kernel sums when there is one scale
inline void complete(std::span<const double> slopes, std::span<const double> centre, const DataSums& out) {
  if (!out.slope.empty()) std::copy(slopes.begin(), slopes.end(), out.slope.begin());
  for (std::size_t i = 0; i < out.slope_point.rows(); ++i)
    for (std::size_t c = 0; c < centre.size(); ++c) out.slope_point(i, c) += slopes[i] * centre[c];
}

}  // namespace learndock::compute
