#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string>

namespace learndock::cli {

/// Checks that only its owner may read a file with a secret. @errors not_found, io, forbidden
[[nodiscard]] Result<void> check_private(const std::filesystem::path& path);

/// The secret in a private file: its whole text without the line break at the end.
/// @errors of check_private, too_large, invalid_argument (the file is empty)
[[nodiscard]] Result<std::string> read_secret(const std::filesystem::path& path);

}  // namespace learndock::cli
