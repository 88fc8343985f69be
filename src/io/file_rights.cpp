#include "io/file_rights.hpp"

#include "io/disk.hpp"
#include "io/file.hpp"

#include <cerrno>

namespace learndock::io {

Result<void> write_user_file(const std::filesystem::path& path, std::string_view bytes) {
  return write_file_atomically(path, bytes, kUserFile);
}

Result<void> create_private_folder(const std::filesystem::path& named) {
  std::error_code error;
  const std::filesystem::path path = named.has_filename() ? named : named.parent_path();  // "folder/"
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return Failure(system_error(error.value(), "create the folder of", path));
  if (disk::make_folder(path, kOwnerFolder) == 0) return {};
  const int failed = errno;
  if (failed == EEXIST && std::filesystem::is_directory(path, error)) return {};
  return Failure(system_error(failed, "create the folder of", path));
}

}  // namespace learndock::io
