#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace learndock::dock {

/// Whether what lies beside a catalogue was made from its records: of the numbers it was made from, the
/// latest that are alive and some others are looked at. Numbers are given in order, so that two histories of
/// a catalogue differ in their latest records.
/// @param made, live  catalogue numbers, ascending
/// @param same  whether what was made at a position of `made` is this record's
/// @errors of the catalogue
[[nodiscard]] Result<bool> agrees(
    const catalog::Catalog& catalog, std::span<const std::uint64_t> made, std::span<const std::uint64_t> live,
    const std::function<bool(std::size_t position, const catalog::LearnwareRecord&)>& same);

/// The record of a sequence; none: it is not there any more. @errors of the catalogue
[[nodiscard]] Result<std::optional<catalog::LearnwareRecord>> record_of(const catalog::Catalog& catalog,
                                                                        std::uint64_t sequence);

}  // namespace learndock::dock
