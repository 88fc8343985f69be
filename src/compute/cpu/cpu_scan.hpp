#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// Scans of the `cpu` backend over certified codes. Shapes were checked by the caller. Results are in a strict
// order (bound, then item), so threads cannot change them.

void cpu_scan_smallest(const ScanCodesView& codes, const ScanJob& job, MatrixView<ScanHit> out,
                       std::span<std::size_t> counts, unsigned threads);
void cpu_scan_within(const ScanCodesView& codes, const ScanJob& job, std::span<const float> thresholds,
                     MatrixView<ScanHit> out, std::span<std::size_t> counts, unsigned threads);

}  // namespace learndock::compute
