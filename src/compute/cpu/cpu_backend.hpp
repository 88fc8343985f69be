#pragma once

#include "learndock/compute/backend.hpp"

#include <memory>
#include <string>

namespace learndock::compute {

/// fp64 with BLAS products and SIMD exponentials on `threads` threads. Data are centred before products, so
/// far-off data lose nothing to cancellation; near pairs of wide data are measured by direct difference
/// (wide_data.hpp). Packed sets and codes go through the fp32 kernels (packed_kernels.hpp, scan_kernels.hpp).
/// Same bits run to run and for every thread count (on one machine).
[[nodiscard]] std::shared_ptr<const Backend> make_cpu_backend(unsigned threads);

/// "AVX3, OpenBLAS SkylakeX, 2 threads".
[[nodiscard]] std::string cpu_backend_details(unsigned threads);

}  // namespace learndock::compute
