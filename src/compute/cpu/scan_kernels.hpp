#pragma once

#include "learndock/compute/scan_codes.hpp"

#include "compute/scan_queries.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace learndock::compute {

struct ScanBlock {
  const std::byte* codes;
  const float* factors;
};

/// Memory of one thread of a scan.
struct ScanScratch {
  std::vector<float> products;        ///< [12 * 32] of one group of lanes
  std::vector<float> norms;           ///< [2 * 32]: roots and kept shares of the items' squared norms
  std::vector<float> bounds;          ///< [count * 32]
  std::vector<std::uint32_t> within;  ///< [count]

  explicit ScanScratch(const ScanQueries& queries)
      : products(12 * kBlockItems),
        norms(2 * kBlockItems),
        bounds(queries.count * kBlockItems),
        within(queries.count) {}
};

/// Lower bounds of one block of 32 items for all queries: bit i of within[q] is set when the bound of item i
/// is at most limits[q], and bounds[q * 32 + i] then holds it; other bounds may hold anything. Padding items
/// have no number as their bound and never are within.
void block_lower_bounds(const ScanBlock& block, const ScanQueries& queries, const float* limits,
                        ScanScratch& scratch);

}  // namespace learndock::compute
