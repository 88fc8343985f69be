#pragma once

#include "learndock/archive/archive_limits.hpp"
#include "learndock/base/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace learndock::package {

/// One entry of a canonical package as bytes.
/// @param limits  the limits that the package was accepted under; its canonical form may be longer than the
///                archive that they allow, because it is not compressed
/// @errors not_found, too_large (over max_bytes), zip_*
[[nodiscard]] Result<std::string> read_entry(const std::filesystem::path& zip, const std::string& entry,
                                             std::size_t max_bytes,
                                             const archive::ArchiveLimits& limits = {});

}  // namespace learndock::package
