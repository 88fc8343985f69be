#pragma once

#include "learndock/base/result.hpp"
#include "learndock/catalog/records.hpp"
#include "learndock/compute/backend.hpp"
#include "learndock/specification/semantic.hpp"

#include "learnwares/entry.hpp"
#include "specification/space_kernels.hpp"

#include <optional>
#include <span>

namespace learndock::dock {

/// Decodes a record for searching, but for its self term, which is computed for many records at once.
/// @param kernels  the current ones: the specification gets its family's kernel
/// @errors json_*, semantic_*, spec_*
[[nodiscard]] Result<learnwares::EntryFields> entry_fields(const catalog::LearnwareRecord& record,
                                                           const specification::SpaceKernels& kernels = {});

/// The same for a record that was just made from these specifications, which are not decoded again.
[[nodiscard]] learnwares::EntryFields entry_fields_of(
    const catalog::LearnwareRecord& record, specification::SemanticSpecification semantic,
    std::optional<specification::RkmeSpecification> statistical, const specification::SpaceKernels& kernels);

/// Refuses a record whose semantic specification is too long to be read again. @errors json_size
[[nodiscard]] Result<void> check_length(const catalog::LearnwareRecord& record);

/// Computes the self terms <L, L> that entries lack. The cost grows with the square of the points, so call it
/// before the writer's lock is taken.
[[nodiscard]] Result<void> compute_self_terms(std::span<learnwares::EntryFields> entries,
                                              const compute::Backend& backend);

}  // namespace learndock::dock
