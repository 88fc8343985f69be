#pragma once

#include <cstddef>
#include <string>

namespace learndock::compute {

// Row-major products on the calling thread alone; blas.cpp is the only file that includes BLAS.

/// out (n x m) = a (n x d) b' (d x m)
void multiply_transposed(const double* a, std::size_t n, const double* b, std::size_t m, std::size_t d,
                         double* out);
void multiply_transposed(const float* a, std::size_t n, const float* b, std::size_t m, std::size_t d,
                         float* out);
/// out (n x m) += a (n x d) b (d x m)
void add_product(const double* a, std::size_t n, const double* b, std::size_t m, std::size_t d, double* out);
/// out (n x m) = a (n x d, rows `a_stride` apart) b (d x m)
void multiply(const float* a, std::size_t a_stride, std::size_t n, const float* b, std::size_t m,
              std::size_t d, float* out);

/// Eigenvectors of a symmetric matrix, one per row of `matrix` (n x n, overwritten), and the ascending
/// `values`.
/// @return false when the iteration did not converge
[[nodiscard]] bool symmetric_eigenvectors(double* matrix, std::size_t n, double* values);

/// Threads are ours: BLAS calls come from them and must not start more.
void use_one_blas_thread();
/// "SkylakeX", "Zen": what OpenBLAS chose.
[[nodiscard]] std::string blas_core();

}  // namespace learndock::compute
