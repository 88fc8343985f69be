#include "io/file.hpp"

#include "io/descriptor.hpp"
#include "io/disk.hpp"
#include "io/temporary_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace learndock::io {

Result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (disk::rename(from, to) != 0) return Failure(system_error(errno, "rename", to));
  return {};
}

Result<void> rename_file_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (disk::rename_to_new(from, to) == 0) return {};
  if (errno != EEXIST) return Failure(system_error(errno, "rename", to));
  return fail(ErrorCode::conflict, "there is a file of this name", to.string(),
              "another process may have made it; use or remove it");
}

Error system_error(int error_number, std::string_view doing, const std::filesystem::path& path) {
  Error error{ErrorCode::io, fmt::format("cannot {} the file: {}", doing, std::strerror(error_number)),
              path.string()};
  switch (error_number) {
    case ENOENT:
      error.code = ErrorCode::not_found;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      error.code = ErrorCode::no_space;
      error.fix = "free some space or raise the quota, then try again; nothing was stored";
      break;
    default:
      break;
  }
  return error;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  LEARNDOCK_TRY(const Descriptor file, open_for_reading(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return Failure(system_error(errno, "inspect", path));
  if (S_ISDIR(info.st_mode)) return fail(ErrorCode::io, "this is a folder, not a file", path.string());
  std::string bytes;
  if (S_ISREG(info.st_mode)) bytes.reserve(std::min(static_cast<std::size_t>(info.st_size), max_bytes));
  LEARNDOCK_CHECK(read_to_end(file.get(), path, [&](std::string_view piece) -> Result<void> {
    if (bytes.size() + piece.size() > max_bytes)
      return fail(ErrorCode::too_large, fmt::format("the file is longer than {} bytes", max_bytes),
                  path.string());
    bytes.append(piece);
    return {};
  }));
  return bytes;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
  LEARNDOCK_TRY(TemporaryFile temporary, TemporaryFile::beside(path, mode));
  LEARNDOCK_CHECK(temporary.append(bytes));
  LEARNDOCK_CHECK(temporary.sync());
  LEARNDOCK_CHECK(temporary.rename_over());
  return sync_folder_of(path);
}

std::filesystem::path folder_above(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

Result<void> sync_directory(const std::filesystem::path& given) {
  const std::filesystem::path directory = given.empty() ? std::filesystem::path(".") : given;
  LEARNDOCK_TRY(const Descriptor folder, open_for_reading(directory, O_DIRECTORY));
  return sync_file(folder.get(), directory);
}

Result<void> sync_folder_of(const std::filesystem::path& file) { return sync_directory(folder_above(file)); }

}  // namespace learndock::io
