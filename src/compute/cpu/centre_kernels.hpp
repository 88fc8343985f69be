#pragma once

#include "learndock/compute/backend.hpp"
#include "learndock/numeric/aligned_vector.hpp"

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

  float longest = 0;  ///< the largest |c|

  explicit CentreBlocks(MatrixView<const float> centres);
  [[nodiscard]] std::size_t blocks() const { return half_squares.size() / kCentreBlock; }
};

/// Memory of one thread; keeps it between calls.
struct CentreScratch {
  std::vector<float> rows, squares, nearest, next;
  std::vector<std::uint32_t> labels;
};

/// out[i] = the nearest centre of row list[i], the lowest index among equals, and its gap with rounding taken
/// off. Distances that are no number make label 0 and no gap.
void label_rows(const CentreBlocks& centres, MatrixView<const float> rows,
                std::span<const std::uint32_t> list, CentreScratch& scratch, std::span<KmeansRow> out);

/// to += sign * row
void add_row(std::span<const float> row, double sign, double* to);

}  // namespace learndock::compute
