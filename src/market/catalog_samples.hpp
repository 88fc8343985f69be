#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/catalog.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace learndock::market {

// What lies beside a catalogue was made from its records, and is known to be of this catalogue by comparing
// some: numbers are given in order, so that two histories of a catalogue differ in their latest records.

/// Positions in `made` of the latest numbers that are alive and of some others.
/// @param made, live  catalogue numbers, ascending
[[nodiscard]] std::vector<std::size_t> sampled(std::span<const std::uint64_t> made,
                                               std::span<const std::uint64_t> live);

/// The record of a sequence; none: it is not there any more. @errors of the catalogue
[[nodiscard]] Result<std::optional<catalog::LearnwareRecord>> record_of(const catalog::Catalog& catalog,
                                                                        std::uint64_t sequence);

}  // namespace learndock::market
