#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string>

namespace learndock::cli {

/// A file that holds a secret may be read by its owner only. @errors not_found, io, forbidden
[[nodiscard]] Result<void> check_private(const std::filesystem::path& path);

/// The secret that a private file holds: all of it, without the line break at its end.
/// @errors of check_private, too_large, invalid_argument (the file is empty)
[[nodiscard]] Result<std::string> read_secret(const std::filesystem::path& path);

}  // namespace learndock::cli
