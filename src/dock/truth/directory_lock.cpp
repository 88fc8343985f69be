#include "dock/truth/directory_lock.hpp"

#include "dock/truth/dock_folder.hpp"
#include "io/disk.hpp"
#include "io/file.hpp"
#include "io/file_rights.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

namespace learndock::dock {

Result<void> DirectoryLock::acquire(const std::filesystem::path& directory, LockMode mode,
                                    std::string_view when_held) {
  const std::filesystem::path path = DockFolder(directory).lock();
  file_ = io::Descriptor(io::disk::open(path, O_RDWR | O_CREAT, io::kOwnerFile));
  const int refused = file_.get() < 0 ? errno : 0;
  if (refused != 0 && mode == LockMode::shared) {
    file_ = io::Descriptor(io::disk::open(path, O_RDONLY));
    if (file_.get() < 0) return {};  // no one can write here, so there is no one to be held off
  } else if (refused == EACCES || refused == EPERM || refused == EROFS) {
    Error error = io::system_error(refused, "open", path);
    error.code = ErrorCode::read_only;
    error.fix = "give this user the right to write there; list, show, search and get work without it";
    return Failure(std::move(error));
  } else if (refused != 0) {
    return Failure(io::system_error(refused, "open", path));
  }
  if (::flock(file_.get(), (mode == LockMode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0)
    return fail(ErrorCode::conflict, "another process has this dock open", directory.string(),
                std::string(when_held));
  return {};
}

}  // namespace learndock::dock
