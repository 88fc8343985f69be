#pragma once

#include "learndock/base/result.hpp"
#include "learndock/numeric/matrix.hpp"

#include "compute/direct_sums.hpp"

#include <cstdint>

namespace learndock::engine {

/// Eigenvectors of a symmetric matrix, largest eigenvalues first.
struct Eigenpairs {
  Matrix<double> vectors;      ///< one per row
  std::vector<double> values;  ///< descending
};
/// @errors internal when the iteration does not converge
[[nodiscard]] Result<Eigenpairs> eigenpairs(Matrix<double> symmetric);

/// An orthonormal n x n matrix drawn from a seed.
[[nodiscard]] Matrix<double> random_rotation(std::size_t n, std::uint64_t seed);

/// The kernel matrix of the landmarks by direct difference.
[[nodiscard]] Matrix<double> landmark_gram(const compute::DirectPoints& points,
                                           MatrixView<const double> landmarks, const compute::Kernel& kernel,
                                           unsigned threads);

/// How far inner products of coordinates made by `map` (D x S) can be from exact ones inside the subspace,
/// per unit of both masses: the map's rows are orthonormal in the kernel's space only up to rounding
/// (measured against `gram`, whose entries are good to `kernel_error`), kernel sums and their products with
/// the map are rounded too.
[[nodiscard]] double map_product_error(const Matrix<double>& map, const Matrix<double>& gram,
                                       double kernel_error, double kernel_sum_error);

}  // namespace learndock::engine
