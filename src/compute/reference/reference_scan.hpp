#pragma once

#include "learndock/compute/backend.hpp"

namespace learndock::compute {

// The scans of `cpu_reference`: the bound of scan_codes.hpp in fp64 with the query as it is, one item after
// the other.

[[nodiscard]] double reference_lower_bound(const ScanCodesView& codes, std::size_t item,
                                           const EmbeddingView& query);
/// Both return how many hits there are, of which `out` takes as many as fit.
[[nodiscard]] std::size_t reference_scan_smallest(const ScanCodesView& codes, const ScanJob& job,
                                                  std::size_t query, std::span<ScanHit> out);
[[nodiscard]] std::size_t reference_scan_within(const ScanCodesView& codes, const ScanJob& job,
                                                std::size_t query, float threshold, std::span<ScanHit> out);

}  // namespace learndock::compute
