#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/specification/statistical.hpp"

namespace learndock::specification {

struct Distance {
  double inner = 0;        ///< <A, B> under A's kernel
  double self_a = 0;       ///< <A, A>
  double self_b = 0;       ///< <B, B> under B's kernel
  double mmd_squared = 0;  ///< self_a - 2 inner + self_b; never square-rooted, may be slightly negative
};

/// MMD between two specifications, fp64. As in the reference each inner product uses its left side's kernel.
/// @errors spec_dimension (different kind or point shape), spec_kernel (see check_comparable)
[[nodiscard]] Result<Distance> distance(const RkmeSpecification& a, const RkmeSpecification& b,
                                        const compute::Backend& backend);

/// Weighted mean of k(z_i, z_j) over i != j (weights |beta_i beta_j|): under 0.01 the set is kernel blind. 1
/// for a single point. Above 512 points a sample of 512 is taken, evenly spread over their order.
[[nodiscard]] Result<double> mean_off_diagonal_kernel(const compute::ReducedSetView& set,
                                                      const compute::Backend& backend);
/// The same for a specification. @errors spec_kernel (see check_comparable)
[[nodiscard]] Result<double> mean_off_diagonal_kernel(const RkmeSpecification& spec,
                                                      const compute::Backend& backend);

/// Below this mean off-diagonal kernel a specification counts as kernel blind.
inline constexpr double kKernelBlindThreshold = 0.01;

}  // namespace learndock::specification
