#include "compute/blas.hpp"

#include <cblas.h>

#include <vector>

// LAPACK inside OpenBLAS; its C header is another package.
extern "C" void dsyevd_(const char* job, const char* triangle, const blasint* n, double* a,
                        const blasint* lda, double* w, double* work, const blasint* lwork, blasint* iwork,
                        const blasint* liwork, blasint* info);

namespace learndock::compute {

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

}  // namespace learndock::compute
