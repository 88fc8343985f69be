#include "io/file_rights.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"

#include <cerrno>
#include <unistd.h>

namespace learndock::io {

namespace {

namespace fs = std::filesystem;

Failure not_made(int error_number, const fs::path& folder) {
  return Failure(system_error(error_number, "create the folder of", folder));
}

/// Flushes the name of a new folder. Where the folder above may be written but not read, that is impossible.
Result<void> sync_name_of(const fs::path& folder) {
  auto done = sync_folder_of(folder);
  const bool unreadable = !done && ::access(folder_above(folder).c_str(), R_OK) != 0 && errno == EACCES;
  return unreadable ? Result<void>() : done;
}

/// Makes the missing folders from the root down to `parent`, with the rights that the umask leaves.
Result<void> create_parents(const fs::path& parent, const fs::path& folder) {
  std::error_code error;
  if (parent.empty() || fs::is_directory(parent, error)) return {};
  LEARNDOCK_CHECK(create_parents(parent.parent_path(), folder));
  if (disk::make_folder(parent, kUserFolder) != 0)
    return errno == EEXIST ? Result<void>() : not_made(errno, folder);
  return sync_name_of(parent);
}

}  // namespace

Result<void> write_user_file(const fs::path& path, std::string_view bytes) {
  return write_file_atomically(path, bytes, kUserFile);
}

Result<void> create_user_folder(const fs::path& path) {
  LEARNDOCK_CHECK(create_parents(path, path));
  std::error_code error;
  return fs::is_directory(path, error) ? Result<void>() : not_made(ENOTDIR, path);
}

Result<void> create_private_folder(const fs::path& named) {
  const fs::path path = named.has_filename() ? named : named.parent_path();  // "folder/"
  LEARNDOCK_CHECK(create_parents(path.parent_path(), path));
  if (disk::make_folder(path, kOwnerFolder) == 0) return sync_name_of(path);
  const int failed = errno;
  std::error_code error;
  return failed == EEXIST && fs::is_directory(path, error) ? Result<void>() : not_made(failed, path);
}

}  // namespace learndock::io
