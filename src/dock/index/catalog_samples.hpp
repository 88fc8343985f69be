#pragma once

#include "learndock/base/result.hpp"

#include "catalog/catalog.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

namespace learndock::dock {

/// Whether a file beside a catalogue was made from its records. A sample is compared: of the numbers that the
/// file was made from, the latest that are live and some others. Numbers are given in order, so two histories
/// of a catalogue differ in their latest records.
/// @param made, live  catalogue numbers, ascending
/// @param same  whether the file's item at a position of `made` is this record's
/// @errors of the catalogue
[[nodiscard]] Result<bool> agrees(
    const catalog::Catalog& catalog, std::span<const LearnwareNumber> made,
    std::span<const LearnwareNumber> live,
    const std::function<bool(std::size_t position, const catalog::LearnwareRecord&)>& same);

/// The record of a sequence, or none when it is no longer there. @errors of the catalogue
[[nodiscard]] Result<std::optional<catalog::LearnwareRecord>> record_of(const catalog::Catalog& catalog,
                                                                        LearnwareNumber sequence);

}  // namespace learndock::dock
