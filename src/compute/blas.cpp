#include "compute/blas.hpp"

#include <cblas.h>

#include <vector>

// LAPACK inside OpenBLAS; its C header is another package.
extern "C" void dsyevd_(const char* job, const char* triangle, const blasint* n, double* a,
                        const blasint* lda, double* w, double* work, const blasint* lwork, blasint* iwork,
                        const blasint* liwork, blasint* info);

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

bool symmetric_eigenvectors(double* matrix, std::size_t n, double* values) {
  if (n == 0) return true;
  const auto size = static_cast<blasint>(n);
  blasint ask = -1, info = 0, whole_size = 0;
  double work_size = 0;
  dsyevd_("V", "U", &size, matrix, &size, values, &work_size, &ask, &whole_size, &ask, &info);
  if (info != 0) return false;
  const auto work = static_cast<blasint>(work_size);
  std::vector<double> memory(static_cast<std::size_t>(work));
  std::vector<blasint> whole(static_cast<std::size_t>(whole_size));
  dsyevd_("V", "U", &size, matrix, &size, values, memory.data(), &work, whole.data(), &whole_size, &info);
  return info == 0;
}

void use_one_blas_thread() { openblas_set_num_threads(1); }
std::string blas_core() { return openblas_get_corename(); }

}  // namespace learndock::compute
