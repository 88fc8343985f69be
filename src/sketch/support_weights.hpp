#pragma once

#include "learndock/numeric/matrix.hpp"

#include <optional>
#include <span>
#include <vector>

namespace learndock::sketch {

/// The weights that minimise 1/2 w'Hw - c'w on the simplex, if their support is that of `guess`: one Cholesky
/// factorisation instead of an interior point's twenty. Nothing when the support is another or H is singular
/// to rounding; then solve_simplex_qp answers. The weights have a Frank-Wolfe gap of at most 1e-12 of the
/// largest entry of H and c.
[[nodiscard]] std::optional<std::vector<double>> weights_on_support(MatrixView<const double> h,
                                                                    std::span<const double> c,
                                                                    std::span<const double> guess);

}  // namespace learndock::sketch
