#pragma once

#include "sketch/joint_reducer.hpp"

namespace learndock::sketch {

/// Counts the rows nearest to each point, by direct differences in double precision; among equals the lowest
/// index counts.
[[nodiscard]] std::vector<std::size_t> cluster_sizes(MatrixView<const float> data,
                                                     MatrixView<const double> points);

/// Drops points, the one with the fewest rows first, until each that is left is the nearest one of at least
/// `min_rows` rows (rows of a dropped point go to their next nearest); then computes the weights again. The
/// points that stay do not move, so the counts hold for the result.
/// @param min_rows  at most data.rows()
/// @cost  n * K * d, plus a pass over the rows of each dropped point
[[nodiscard]] Result<Fit> keep_large_clusters(MatrixView<const float> data, const compute::Kernel& kernel,
                                              Fit fit, std::size_t min_rows, const compute::Backend& backend);

}  // namespace learndock::sketch
