#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string>

namespace learndock::io {

/// Makes a new file with the same bytes and flushes it. @return its SHA-256 @errors not_found, conflict
/// (there is a file), no_space, io
[[nodiscard]] Result<std::string> copy_file_durably(const std::filesystem::path& from,
                                                    const std::filesystem::path& to);

/// The SHA-256 of a file's bytes, in hexadecimal. @errors not_found, io
[[nodiscard]] Result<std::string> digest_of_file(const std::filesystem::path& path);

/// Makes a folder, or accepts an empty one that exists. @errors conflict, no_space, io
[[nodiscard]] Result<void> make_new_folder(const std::filesystem::path& folder);

}  // namespace learndock::io
