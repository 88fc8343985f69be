#pragma once

#include "learndock/base/result.hpp"

#include "io/file_rights.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace learndock::io {

/// The whole file as bytes. @errors not_found, too_large (over max_bytes), io
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes = std::size_t{1} << 30);

/// Writes a temporary beside `path`, flushes it to disk and renames it over `path`: readers see the old file
/// or the whole new one, and the new one survives a power cut. @errors io, no_space
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                                                 mode_t mode = kOwnerFile);

/// Renames, over an existing file too. The folder is not flushed. @errors io, no_space, not_found
[[nodiscard]] Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Renames unless the target exists. @errors conflict, io, no_space
[[nodiscard]] Result<void> rename_file_to_new(const std::filesystem::path& from,
                                              const std::filesystem::path& to);

/// The folder that a path stands in: "." for a bare name, where parent_path() is empty and names nothing.
[[nodiscard]] std::filesystem::path folder_above(const std::filesystem::path& path);

/// Flushes a folder's entries to disk, so that what was created, renamed or removed in it survives a power
/// cut. The empty path, parent_path() of a bare name, is the current folder.
[[nodiscard]] Result<void> sync_directory(const std::filesystem::path& directory);

/// Flushes the folder that a file is in.
[[nodiscard]] Result<void> sync_folder_of(const std::filesystem::path& file);

/// The Error of the last failed system call: no_space for a full disk or quota, not_found for a missing file,
/// else io.
[[nodiscard]] Error system_error(int error_number, std::string_view doing, const std::filesystem::path& path);

}  // namespace learndock::io
