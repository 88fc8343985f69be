#pragma once

#include "learndock/catalog/records.hpp"
#include "learndock/package/package.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace learndock::dock {

/// A record and the semantic specification that it was made of.
struct PackageRecord {
  catalog::LearnwareRecord record;
  specification::SemanticSpecification semantic;
};

/// The record of a package that was read, without its digest and size.
/// @param semantic  used in place of the package's own; may be null
/// @param file_name  the name for a package that has none inside
/// @param max_points  the dock's limit (see check_set)
/// @errors semantic_*, too_large, spec_weights
[[nodiscard]] Result<PackageRecord> record_of(const package::Package& package,
                                              const specification::SemanticSpecification* semantic,
                                              const std::string& file_name, std::size_t max_points);

/// The record of a package that is already in the dock, digest and size included, and the id that a dock
/// wrote into it. The package was accepted once, so the dock's limits and missing keys are not checked.
/// @param scratch  a folder for the canonical form, which is removed again
[[nodiscard]] Result<catalog::LearnwareRecord> record_of_stored(const std::filesystem::path& blob,
                                                                const std::string& digest,
                                                                const std::filesystem::path& scratch);

}  // namespace learndock::dock
