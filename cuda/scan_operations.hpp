#pragma once

#include "held.hpp"

namespace learndock::cuda {

// Scans over held codes. Shapes were checked by the caller.

[[nodiscard]] Result<void> scan_smallest(const Context& context, const CudaHeldCodes& codes,
                                         const compute::ScanJob& job, MatrixView<compute::ScanHit> out,
                                         std::span<std::size_t> counts);
[[nodiscard]] Result<void> scan_within(const Context& context, const CudaHeldCodes& codes,
                                       const compute::ScanJob& job, std::span<const float> thresholds,
                                       MatrixView<compute::ScanHit> out, std::span<std::size_t> counts);

}  // namespace learndock::cuda
