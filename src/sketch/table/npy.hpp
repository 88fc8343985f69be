#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"
#include "learndock/sketch/table.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace learndock::sketch {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// Where the elements of a .npy array are and what they are.
struct NpyArray {
  char kind = 0;  ///< 'f', 'i', 'u' or 'b', as numpy names kinds of numbers
  std::size_t width = 0;
  bool big_endian = false, fortran_order = false;
  std::size_t rows = 0, cols = 0;
  std::vector<std::size_t> sample;  ///< the extents behind the first; `cols` is their product
  std::string_view data;

  /// The elements in place, when they are stored as a table's values are; else null.
  [[nodiscard]] const float* in_place() const;
  [[nodiscard]] double element(std::size_t row, std::size_t col) const;
};

/// @param any_samples  whether a row may have extents of its own, as an image has
/// @errors table_npy, table_empty, too_large
[[nodiscard]] Result<NpyArray> npy_array(std::string_view bytes, const TableOptions& options,
                                         bool any_samples = false);
/// A profile of each column, named "#1", "#2", ..., over the first rows; none for a very wide array.
[[nodiscard]] std::vector<ColumnProfile> profiles_of(const NpyArray& array, std::size_t rows,
                                                     const TableOptions& options);
/// Whether the options choose among the columns.
[[nodiscard]] bool chooses(const TableOptions& options);

}  // namespace learndock::sketch
