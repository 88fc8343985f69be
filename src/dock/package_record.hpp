#pragma once

#include "learndock/catalog/records.hpp"
#include "learndock/package/package.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace learndock::dock {

/// The record of a package that was read, but for its digest and its size.
/// @param semantic  in place of the package's own; may be null
/// @param file_name  the name of a package that names itself nowhere
/// @param max_points  of the dock (see check_set)
/// @errors semantic_*, too_large, spec_weights
[[nodiscard]] Result<catalog::LearnwareRecord> record_of(const package::Package& package,
                                                         const specification::SemanticSpecification* semantic,
                                                         const std::string& file_name,
                                                         std::size_t max_points);

/// The record of a package that lies in the dock already, digest and size included. It was accepted once:
/// limits of the dock and missing keys do not count.
/// @param scratch  a folder for the canonical form, which is removed again
[[nodiscard]] Result<catalog::LearnwareRecord> record_of_stored(const std::filesystem::path& blob,
                                                                const std::string& digest,
                                                                const std::filesystem::path& scratch);

}  // namespace learndock::dock
