#include "compute/blas.hpp"

#include <cblas.h>

namespace learndock::compute {

void multiply_transposed(const double* a, std::size_t n, const double* b, std::size_t m, std::size_t d,
                         double* out) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(n), static_cast<blasint>(m),
              static_cast<blasint>(d), 1.0, a, static_cast<blasint>(d), b, static_cast<blasint>(d), 0.0, out,
              static_cast<blasint>(m));
}

void multiply_transposed(const float* a, std::size_t n, const float* b, std::size_t m, std::size_t d,
                         float* out) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, static_cast<blasint>(n), static_cast<blasint>(m),
              static_cast<blasint>(d), 1.0F, a, static_cast<blasint>(d), b, static_cast<blasint>(d), 0.0F,
              out, static_cast<blasint>(m));
}

void add_product(const double* a, std::size_t n, const double* b, std::size_t m, std::size_t d, double* out) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<blasint>(n), static_cast<blasint>(m),
              static_cast<blasint>(d), 1.0, a, static_cast<blasint>(d), b, static_cast<blasint>(m), 1.0, out,
              static_cast<blasint>(m));
}

void multiply(const float* a, std::size_t a_stride, std::size_t n, const float* b, std::size_t m,
              std::size_t d, float* out) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<blasint>(n), static_cast<blasint>(m),
              static_cast<blasint>(d), 1.0F, a, static_cast<blasint>(a_stride), b, static_cast<blasint>(m),
              0.0F, out, static_cast<blasint>(m));
}

void use_one_blas_thread() { openblas_set_num_threads(1); }
std::string blas_core() { return openblas_get_corename(); }

}  // namespace learndock::compute
