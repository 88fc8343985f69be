#pragma once

#include "learndock/compute/backend.hpp"

#include "kernels/scan.hpp"

#include <span>
#include <vector>

namespace learndock::cuda {

/// Queries in the order that the kernels read them (DeviceQueries), on the host.
struct HostQueries {
  std::vector<std::uint32_t> words;
  std::vector<ScanTerms> terms;
  std::uint32_t words_each = 0, bytes = 1, at_once = 1, groups = 0;

  [[nodiscard]] std::size_t padded_count() const { return std::size_t{groups} * at_once; }
  [[nodiscard]] DeviceQueries on_device(const std::uint32_t* device_words,
                                        const ScanTerms* device_terms) const {
    return {device_words, device_terms, words_each, bytes, at_once, groups};
  }
};

/// @param at_once  1 or 4 queries share a pass over the codes
[[nodiscard]] HostQueries host_queries(const compute::ScanCodesView& codes,
                                       std::span<const compute::EmbeddingView> queries, unsigned query_bytes,
                                       std::uint32_t at_once);

}  // namespace learndock::cuda
