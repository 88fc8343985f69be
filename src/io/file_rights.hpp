#pragma once

#include "learndock/base/result.hpp"

#include <filesystem>
#include <string_view>
#include <sys/types.h>

namespace learndock::io {

/// A dock's files are for its owner, whatever the umask says: they contain other people's packages. Files
/// that a command writes for its user follow the umask.
inline constexpr mode_t kOwnerFile = 0600;
inline constexpr mode_t kOwnerFolder = 0700;
inline constexpr mode_t kUserFile = 0644;
inline constexpr mode_t kUserFolder = 0777;

/// As write_file_atomically, but with the rights of files for the user of a command, not of a dock's files.
/// @errors io, no_space
[[nodiscard]] Result<void> write_user_file(const std::filesystem::path& path, std::string_view bytes);

/// Creates a folder and its parents as the umask says. A new folder survives a power cut. @errors io,
/// no_space
[[nodiscard]] Result<void> create_user_folder(const std::filesystem::path& path);

/// Creates a folder that only its owner may enter, and its parents as the umask says. A new folder survives a
/// power cut; an existing one keeps its rights. @errors io, no_space
[[nodiscard]] Result<void> create_private_folder(const std::filesystem::path& path);

}  // namespace learndock::io
