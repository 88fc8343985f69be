#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <sys/types.h>
#include <system_error>

/// The system calls that open and change files. No other file of the project makes them, so that a test can
/// watch them (`disk_watch.hpp`). After a failure the result is below 0, and errno says why.
namespace learndock::io::disk {

/// The descriptor is closed when another program is started.
[[nodiscard]] int open(const std::filesystem::path& path, int flags, mode_t mode = 0);
[[nodiscard]] ssize_t write(int fd, std::string_view bytes);
[[nodiscard]] ssize_t write_at(int fd, std::string_view bytes, std::uint64_t offset);
/// Flushes the bytes of a file, or the entries of a folder.
[[nodiscard]] int sync(int fd);
[[nodiscard]] int rename(const std::filesystem::path& from, const std::filesystem::path& to);
/// Fails with EEXIST when the target exists.
[[nodiscard]] int rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to);
/// Removes a file.
int remove(const std::filesystem::path& path);
/// Removes a file or an empty folder; one that is not there is no error.
std::error_code remove_any(const std::filesystem::path& path);
/// The same with all that is in a folder.
std::error_code remove_tree(const std::filesystem::path& path);
/// Takes room on the disk for the first bytes of a file.
[[nodiscard]] int reserve(int fd, std::uint64_t bytes);
[[nodiscard]] int set_mode(int fd, mode_t mode);
[[nodiscard]] int make_folder(const std::filesystem::path& path, mode_t mode);
/// Makes a folder and those above it that are not there. What they hold is not meant to survive a power cut.
[[nodiscard]] std::error_code make_folders(const std::filesystem::path& path);
/// Makes a second name of a file.
[[nodiscard]] int link(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace learndock::io::disk
