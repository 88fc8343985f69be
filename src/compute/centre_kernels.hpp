#pragma once

#include "learndock/numeric/aligned_vector.hpp"
#include "learndock/numeric/matrix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace learndock::compute {

/// Centres stored together, a coordinate of all of them in a row.
inline constexpr std::size_t kCentreBlock = 16;

/// k-means centres as the kernel reads them: centre c, coordinate k, less the centres' mean, at
/// coordinates[((c / 16) * d + k) * 16 + c % 16]. Padding centres are infinitely far away.
struct CentreBlocks {
  std::size_t dimension = 0;
  std::vector<float> origin;          ///< [d] what is taken off centres and rows: keeps far-off data's digits
  AlignedVector<float> coordinates;   ///< [blocks * d * 16]
  AlignedVector<float> half_squares;  ///< [blocks * 16] |c|^2 / 2

  explicit CentreBlocks(MatrixView<const float> centres);
  [[nodiscard]] std::size_t blocks() const { return half_squares.size() / kCentreBlock; }
};

/// labels[x] = the nearest centre of row x, the lowest index among equals; all distances that are no number
/// make it 0. `scratch` keeps its memory between calls.
void label_rows(const CentreBlocks& centres, MatrixView<const float> rows, std::vector<float>& scratch,
                std::span<std::uint32_t> labels);

/// sums(labels[x], :) += row x, rows in order.
void add_labelled_rows(MatrixView<const float> rows, std::span<const std::uint32_t> labels, double* sums);

}  // namespace learndock::compute
