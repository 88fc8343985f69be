#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"

#include <filesystem>

namespace learndock::package {

/// Writes the files of a package into a folder, by their names in the canonical form. Files that the
/// canonical form leaves out stay away. The folder is new or empty; on a failure some files may be in it.
/// @errors zip_*, package_*, io, no_space
[[nodiscard]] Result<void> unpack_package(const std::filesystem::path& zip_or_folder,
                                          const std::filesystem::path& folder,
                                          const archive::ArchiveLimits& limits = {});

}  // namespace learndock::package
